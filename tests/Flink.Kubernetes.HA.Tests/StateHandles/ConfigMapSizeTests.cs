using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>A ConfigMap that fills up says so in time, and one that is full says what fills it.</summary>
[Collection(SimulatedTime.Name)]
public sealed class ConfigMapSizeTests
{
    private const int FillsUp = 655;

    private static CancellationToken Token => StoreCluster.Token;

    [Fact]
    public async Task A_write_that_would_not_fit_is_not_sent()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var small = await cluster.AddAsync("1", "one");
        await cluster.EditAsync("big", new string('x', 1_048_100));
        await cluster.Store.Reader.ListAsync(Token);
        cluster.Election.Server.ClearRequests();

        var exception = await Assert.ThrowsAsync<ConfigMapFullException>(() => cluster.AddAsync("2", "two"));

        Assert.DoesNotContain(cluster.Election.Server.Requests, request => request.Verb == "patch");
        Assert.Equal("big", exception.LargestKeys[0].Key);
        Assert.True(exception.Size > exception.Limit);
        Assert.Contains("\"big\" (1048103 bytes)", exception.Message, StringComparison.Ordinal);
        Assert.Contains("default/orders-dispatcher-leader", exception.Message, StringComparison.Ordinal);
        await cluster.AssertNothingLeftBehindAsync();

        // What makes room is let through.
        Assert.True(await cluster.RunAsync(() => cluster.Store.RemoveAsync(small, Token)));
    }

    [Fact]
    public async Task A_refusal_of_the_server_is_told_in_the_same_way()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.EditAsync("big", new string('x', 1_048_400));

        var exception = await Assert.ThrowsAsync<ConfigMapFullException>(() => cluster.AddAsync("1", "one"));

        Assert.NotNull(exception.InnerException);
        Assert.Empty(cluster.Data.Keys);
    }

    [Fact]
    public async Task A_request_that_the_server_finds_too_large_is_told_in_the_same_way()
    {
        await using var cluster = await StoreCluster.StartAsync();
        cluster.Api.Inject(FaultRule.Fail(Flink.Kubernetes.HA.KubeClient.KubeFailure.TooLarge) with { Verb = "patch", Times = 1 });

        await Assert.ThrowsAsync<ConfigMapFullException>(() => cluster.AddAsync("1", "one"));

        Assert.Empty(cluster.Data.Keys);
    }

    [Fact]
    public async Task Room_that_others_have_made_is_noticed()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.EditAsync("big", new string('x', 1_048_400));
        await Assert.ThrowsAsync<ConfigMapFullException>(() => cluster.AddAsync("1", "one"));
        await cluster.EditAsync("big", null);

        await cluster.AddAsync("1", "one");

        await cluster.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task From_three_quarters_on_there_is_one_warning()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.EditAsync("big", new string('x', (1024 * 1024 * 3 / 4) - 400));
        await cluster.Store.Reader.ListAsync(Token);
        Assert.Equal(0, cluster.Leader.Logs.Count(FillsUp));

        await cluster.AddAsync("1", "one");
        await cluster.AddAsync("2", "two");

        Assert.Equal(1, cluster.Leader.Logs.Count(FillsUp));
    }
}
