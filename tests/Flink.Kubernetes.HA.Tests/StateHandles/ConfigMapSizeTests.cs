namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>A ConfigMap that fills up says so in time, and one that is full says what fills it.</summary>
public sealed class ConfigMapSizeTests() : WorldTest(HaWorld.WithStoreAsync)
{
    private const int FillsUp = 655;

    [Fact]
    public async Task A_write_that_would_not_fit_is_not_sent()
    {
        var small = await World.AddAsync("1", "one");
        await World.EditDataAsync("big", new string('x', 1_048_100));
        await World.Store.Reader.ListAsync(Token);
        World.Server.ClearRequests();

        var exception = await World.FailAsync<ConfigMapFullException>(() => World.AddAsync("2", "two"));

        World.Server.Requests.Should().NotContain(request => request.Verb == "patch");
        exception.LargestKeys[0].Key.Should().Be("big");
        exception.Size.Should().BeGreaterThan(exception.Limit);
        exception.Message.Should().Contain("\"big\" (1048103 bytes)");
        exception.Message.Should().Contain("default/orders-dispatcher-leader");
        await World.AssertNothingLeftBehindAsync();

        // What makes room is let through.
        (await World.RemoveAsync(small)).Should().BeTrue();
    }

    [Fact]
    public async Task A_refusal_by_the_server_is_reported_in_the_same_way()
    {
        await World.EditDataAsync("big", new string('x', 1_048_400));

        var exception = await World.FailAsync<ConfigMapFullException>(() => World.AddAsync("1", "one"));

        exception.InnerException.Should().NotBeNull();
        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task A_request_that_is_too_large_for_the_server_is_reported_in_the_same_way()
    {
        World.Network.Inject(Fault.Fail(HttpStatusCode.RequestEntityTooLarge) with { Verb = "patch", Times = 1 });

        await World.FailAsync<ConfigMapFullException>(() => World.AddAsync("1", "one"));

        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task Room_that_others_have_made_is_noticed()
    {
        await World.EditDataAsync("big", new string('x', 1_048_400));
        await World.FailAsync<ConfigMapFullException>(() => World.AddAsync("1", "one"));
        await World.EditDataAsync("big", null);

        await World.AddAsync("1", "one");

        await World.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task From_three_quarters_on_there_is_one_warning()
    {
        await World.EditDataAsync("big", new string('x', (1024 * 1024 * 3 / 4) - 400));
        await World.Store.Reader.ListAsync(Token);
        World.Leader.Logs.Count(FillsUp).Should().Be(0);

        await World.AddAsync("1", "one");
        await World.AddAsync("2", "two");

        World.Leader.Logs.Count(FillsUp).Should().Be(1);
    }
}
