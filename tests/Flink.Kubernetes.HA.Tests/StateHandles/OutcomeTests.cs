using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>Written, not written, unknown: and how the last becomes one of the others (promise P5).</summary>
[Collection(SimulatedTime.Name)]
public sealed class OutcomeTests
{
    private static CancellationToken Token => StoreCluster.Token;

    [Fact]
    public async Task An_entry_found_to_be_written_costs_one_read()
    {
        await using var cluster = await StoreCluster.StartAsync();
        cluster.Election.Server.ClearRequests();
        cluster.Api.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 });

        await cluster.AddAsync("1", "one");

        Assert.Equal(["patch", "get"], cluster.Election.Server.Requests.Select(request => request.Verb));
        Assert.Equal(1, cluster.Leader.Logs.Count(650));
        await cluster.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task A_write_that_is_under_way_is_made_harmless_by_renewing_the_lock()
    {
        await using var cluster = await StoreCluster.StartAsync();
        cluster.Api.Inject(FaultRule.DeliverLate(TimeSpan.FromSeconds(1)) with { Verb = "patch", Times = 1 });
        var start = cluster.Election.Time.GetTimestamp();

        var handle = await cluster.AddAsync("1", "one");

        Assert.True(cluster.Election.Time.GetElapsedTime(start) < TimeSpan.FromSeconds(1), "It does not wait for what is late.");
        Assert.True(await cluster.RunAsync(() => cluster.Store.RemoveAsync(handle, Token)));

        // Were the first still good, the entry would rise again, without its data.
        await cluster.Election.AdvanceAsync(TimeSpan.FromSeconds(5));
        await cluster.AssertEntriesAsync();
        Assert.Null(await cluster.ValueAsync("item-1"));
    }

    [Fact]
    public async Task What_its_caller_gave_up_is_settled_before_the_next_write()
    {
        await using var cluster = await StoreCluster.StartAsync();
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Token);
        cluster.Api.Inject(FaultRule.DeliverLate(TimeSpan.FromSeconds(5)) with { Verb = "patch", Times = 1 });
        using (cluster.Api.Inject(FaultRule.Fail() with { Verb = "get" }))
        {
            var add = Task.Run(() => cluster.Store.AddAsync("1", StoreCluster.Stream("one"), giveUp.Token), Token);
            await cluster.Election.AdvanceAsync(TimeSpan.FromMilliseconds(200));
            await giveUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.Election.WhileAdvancingAsync(add));
        }

        Assert.Single(cluster.Data.Keys);
        Assert.False(await cluster.RunAsync(() => cluster.Store.RemoveAsync("1", Token)));

        await cluster.Election.AdvanceAsync(TimeSpan.FromSeconds(10));
        await cluster.AssertEntriesAsync();
        Assert.Empty(cluster.Data.Keys);
    }

    [Fact]
    public async Task A_successor_that_sets_the_same_value_does_not_make_the_write_ones_own()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.RunAsync(() => cluster.Store.CreateBatch().SetValue("counter", null, "1").CommitAsync(Token));
        cluster.Api.Inject(FaultRule.LoseRequest() with { Verb = "patch", Times = 1 });
        cluster.Api.Inject(FaultRule.Hang() with { Verb = "get", Times = 1 });
        var set = Task.Run(() => cluster.Store.CreateBatch().SetValue("counter", "1", "2").CommitAsync(Token), Token);
        await cluster.Election.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        var successor = await cluster.TakeOverAsync();
        await cluster.RunAsync(() => successor.CreateBatch().SetValue("counter", "1", "2").CommitAsync(Token));

        // Both would hand out checkpoint 1.
        await Assert.ThrowsAsync<StateOutcomeUnknownException>(() => cluster.Election.WhileAdvancingAsync(set));
    }

    [Fact]
    public async Task An_outage_that_the_lease_outlasts_is_ridden_out()
    {
        await using var cluster = await StoreCluster.StartAsync();
        cluster.Api.Partition();
        var add = Task.Run(() => cluster.Store.AddAsync("1", StoreCluster.Stream("one"), Token), Token);
        await cluster.Election.AdvanceAsync(TimeSpan.FromSeconds(6));
        cluster.Api.Heal();

        await cluster.Election.WhileAdvancingAsync(add);

        Assert.True(cluster.Leader.Leads);
        await cluster.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task An_outage_that_outlasts_the_lease_ends_with_lost_leadership_and_nothing_left()
    {
        await using var cluster = await StoreCluster.StartAsync();
        cluster.Api.Partition();

        var exception = await Assert.ThrowsAsync<LeadershipLostException>(() => cluster.AddAsync("1", "one"));

        Assert.Equal(LeadershipLossReason.RenewDeadlineExceeded, exception.Reason);
        Assert.Empty(cluster.Data.Keys);
    }

    [Fact]
    public async Task A_session_id_that_someone_edited_is_put_back_and_the_write_made()
    {
        await using var cluster = await StoreCluster.StartAsync();
        cluster.Api.SilenceWatches();
        await cluster.EditAsync("sessionId", "someone else's");

        await cluster.AddAsync("1", "one");

        await cluster.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task A_cancelled_add_that_was_not_sent_leaves_nothing()
    {
        await using var cluster = await StoreCluster.StartAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cluster.RunAsync(() => cluster.Store.AddAsync("1", StoreCluster.Stream("one"), new CancellationToken(canceled: true))));

        Assert.Empty(cluster.Data.Keys);
    }

    [Fact]
    public async Task Many_write_at_once()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var names = Enumerable.Range(0, 100).Select(i => $"{i:000}").ToList();

        await cluster.RunAsync(() => Task.WhenAll(names.Select(name => Task.Run(() => cluster.Store.AddAsync(name, StoreCluster.Stream(name), Token), Token))));

        await cluster.AssertEntriesAsync([.. names.Select(name => $"{name}={name}")]);
    }
}
