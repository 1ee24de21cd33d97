using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>What goes wrong with Flink's way of doing it, and does not here: each with the same schedule for both, where that makes sense.</summary>
/// <remarks>Of the fourteen hazards those about election and retrieval (7, 8, 10, 11, 12, 14) are tested with the election.</remarks>
[Collection(SimulatedTime.Name)]
public sealed class HazardTests
{
    private static CancellationToken Token => StoreCluster.Token;

    [Fact]
    public async Task Hazard_1_a_replacement_whose_answer_was_lost_keeps_the_new_data()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var flink = Flink(cluster, "a");
        await flink.AddAsync("flink-1", "one");
        var handle = await cluster.AddAsync("1", "one");

        cluster.Api.Inject(FaultRule.LoseResponse() with { Verb = "update", Times = 1 });
        await flink.ReplaceAsync("flink-1", "two");
        cluster.Api.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 });
        await cluster.RunAsync(() => cluster.Store.ReplaceAsync(handle, StoreCluster.Stream("two"), Token));

        Assert.False(await flink.IsSoundAsync("flink-1"));
        await cluster.AssertEntriesAsync("1=two");
        Assert.DoesNotContain(handle.State.Key, cluster.Data.Keys);
    }

    [Fact]
    public async Task Hazard_2_a_lost_answer_is_not_forgotten_over_the_failures_that_follow()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var flink = Flink(cluster, "a");

        cluster.Api.Inject(FaultRule.LoseResponse() with { Verb = "update", Times = 1 });
        using (cluster.Api.Inject(FaultRule.Fail() with { Verb = "get", After = 1 }))
        {
            await Assert.ThrowsAsync<KubeClientException>(() => flink.AddAsync("flink-1", "one"));
        }

        cluster.Api.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 });
        cluster.Api.Inject(FaultRule.Fail() with { Verb = "get", Times = 5 });
        await cluster.AddAsync("1", "one");

        Assert.False(await flink.IsSoundAsync("flink-1"));
        await cluster.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task Hazard_2_what_can_not_be_found_out_stays_unknown_and_nothing_is_deleted()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var handle = await cluster.AddAsync("1", "one");
        var replacing = Task.Run(
            () =>
            {
                cluster.Api.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 });
                cluster.Api.Inject(FaultRule.Fail() with { Verb = "patch", After = 1 });
                cluster.Api.Inject(FaultRule.Fail() with { Verb = "get" });
                return cluster.Store.ReplaceAsync(handle, StoreCluster.Stream("two"), Token);
            },
            Token);

        var exception = await Assert.ThrowsAsync<StateOutcomeUnknownException>(() => cluster.Election.WhileAdvancingAsync(replacing));

        Assert.Contains("leadership was lost before it could be read back", exception.Message, StringComparison.Ordinal);
        Assert.IsType<KubeClientException>(exception.InnerException);
        Assert.Equal(2, cluster.Data.Keys.Count);
        await cluster.AssertEntriesAsync("1=two");
    }

    [Fact]
    public async Task Hazard_3_who_does_not_lead_is_told_so()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var handle = await cluster.AddAsync("1", "one");
        var successor = await cluster.TakeOverAsync();
        var flink = Flink(cluster, "\"a\"");
        Func<Task>[] writes =
        [
            () => cluster.Store.AddAsync("2", StoreCluster.Stream("two"), Token),
            () => cluster.Store.TryAddAsync("1", StoreCluster.Stream("two"), Token),
            () => cluster.Store.ReplaceAsync(handle, StoreCluster.Stream("two"), Token),
            () => cluster.Store.ReplaceAsync("1", StoreCluster.Stream("two"), Token),
            () => cluster.Store.TryReplaceAsync(handle, StoreCluster.Stream("two"), Token),
            () => cluster.Store.RemoveAsync(handle, Token),
            () => cluster.Store.RemoveAsync("1", Token),
            () => cluster.Store.RemoveAsync("none", Token),
            () => cluster.Store.ClearAsync(Token),
            () => cluster.Store.CreateBatch().SetValue("counter", null, "1").CommitAsync(Token),
        ];

        await flink.AddAsync("flink-1", "acknowledged, and gone");

        Assert.Empty(await flink.GetAllAsync());
        foreach (var write in writes)
        {
            await Assert.ThrowsAsync<LeadershipLostException>(() => cluster.RunAsync(write));
        }

        await cluster.AssertEntriesAsync("1=one");
        await cluster.AssertNothingLeftBehindAsync();
        await cluster.RunAsync(() => successor.RemoveAsync(handle, Token));
    }

    [Fact]
    public async Task Hazard_4_the_data_of_a_job_is_fenced_like_all_other()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.RunAsync(() => cluster.Store.CreateBatch().SetValue("counter", null, "1").CommitAsync(Token));
        var successor = await cluster.TakeOverAsync();
        await cluster.RunAsync(() => successor.CreateBatch().SetValue("counter", "1", "2").CommitAsync(Token));

        // Even what it expects stands, the old leader can't set it.
        await Assert.ThrowsAsync<LeadershipLostException>(() => cluster.RunAsync(() => cluster.Store.CreateBatch().SetValue("counter", "2", "3").CommitAsync(Token)));
        await Flink(cluster, lockIdentity: null).AddAsync("flink-1", "written by who does not lead");

        Assert.Equal("2", await cluster.ValueAsync("counter"));
        Assert.NotNull(await cluster.ValueAsync("flink-1"));
    }

    [Fact]
    public async Task Hazard_5_a_replacement_of_what_can_not_be_read_is_refused_before_it_is_made()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var handle = await cluster.AddAsync("1", "one");
        await cluster.EditAsync("item-1", "damaged");
        await cluster.EditAsync("flink-1", "damaged");

        // Flink's way fails as well, but after it has written.
        await Assert.ThrowsAsync<InvalidOperationException>(() => Flink(cluster, "a").ReplaceAsync("flink-1", "two"));
        var flinkData = new StateKey((await cluster.ValueAsync("flink-1"))!);
        Assert.StartsWith("flink/", flinkData.Value, StringComparison.Ordinal);

        await Assert.ThrowsAsync<StateHandleCorruptException>(() => cluster.RunAsync(() => cluster.Store.ReplaceAsync("1", StoreCluster.Stream("two"), Token)));
        await Assert.ThrowsAsync<StateHandleCorruptException>(() => cluster.RunAsync(() => cluster.Store.ReplaceAsync(handle, StoreCluster.Stream("two"), Token)));

        Assert.Equal("damaged", await cluster.ValueAsync("item-1"));
        Assert.Equal([handle.State.Key], cluster.Data.Keys.Where(key => key != flinkData));
    }

    [Fact]
    public async Task Hazard_6_many_adds_over_marked_entries_do_not_wait_for_each_other_for_ever()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var names = Enumerable.Range(0, 20).Select(i => $"{i:00}").ToList();
        foreach (var name in names)
        {
            await cluster.AddAsync(name, "old");
            await cluster.MarkAsync(name);
        }

        cluster.Election.Server.ClearRequests();
        await cluster.RunAsync(() => Task.WhenAll(names.Select(name => Task.Run(() => cluster.Store.AddAsync(name, StoreCluster.Stream("new"), Token), Token))));

        await cluster.AssertEntriesAsync([.. names.Select(name => $"{name}=new")]);
        await cluster.AssertNothingLeftBehindAsync();

        // Refused, the lock read, the ConfigMap read, written: no conflict comes on top. The requests of the checks above are the admin's.
        Assert.InRange(cluster.Election.Server.Requests.Count(request => request.User == "a"), 1, 20 * 4);
    }

    [Fact]
    public async Task Hazard_6_an_add_over_a_marked_entry_needs_no_transaction_within_its_own()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.EditAsync("flink-1", FlinkStyleStore.Marked);
        await cluster.AddAsync("1", "old");
        await cluster.MarkAsync("1");

        // A pool of one: the outer transaction holds the place that the inner one waits for.
        using var pool = new SemaphoreSlim(1);
        var flink = Flink(cluster, "a").AddOverMarkedAsync("flink-1", "new", pool);
        await cluster.AddAsync("1", "new");
        await cluster.Election.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.False(flink.IsCompleted);
        await cluster.AssertEntriesAsync("1=new");

        // With a second place it ends, after the inner write has made the outer one conflict.
        pool.Release();
        await cluster.Election.WhileAdvancingAsync(flink);
        Assert.Equal(3, cluster.Api.CountCalls("update"));
    }

    [Fact]
    public async Task Hazard_9_a_deleted_ConfigMap_is_not_an_empty_store()
    {
        await using var cluster = await StoreCluster.StartAsync();
        // Nobody leads, so that the ConfigMap stays away for a while.
        await cluster.AddAsync("1", "one");
        await cluster.Election.WhileAdvancingAsync(cluster.Leader.StopAsync());
        await cluster.Election.Admin.DeleteAsync<ConfigMap>(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: Token);

        Assert.Empty(await Flink(cluster, "a").GetAllAsync());
        await Assert.ThrowsAsync<ConfigMapMissingException>(() => cluster.Reader.ListAsync(Token));
        await Assert.ThrowsAsync<ConfigMapMissingException>(() => cluster.Reader.GetAsync("1", Token));
        await Assert.ThrowsAsync<ConfigMapMissingException>(() => cluster.Reader.ExistsAsync("1", Token));
        Assert.Single(cluster.Data.Keys);
    }

    [Fact]
    public async Task Hazard_13_what_was_refused_is_not_called_unknown_and_heartbeats_do_not_refuse_anything()
    {
        await using var cluster = await StoreCluster.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            await cluster.AddAsync($"{i:00}", "data");
            await cluster.Election.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await Assert.ThrowsAsync<StateHandleExistsException>(() => cluster.AddAsync("00", "other"));

        Assert.Equal(20, (await cluster.ReadBackAsync()).Count);
        await cluster.AssertNothingLeftBehindAsync();
        Assert.Equal(0, cluster.Leader.Logs.Count(650));
    }

    [Fact]
    public async Task Hazard_13_a_conflict_is_a_refusal_and_leaves_no_data_behind()
    {
        await using var cluster = await StoreCluster.StartAsync();
        using (cluster.Api.Inject(FaultRule.Fail(KubeFailure.Conflict) with { Verb = "update" }))
        {
            await Assert.ThrowsAsync<FlinkStyleStore.PossiblyInconsistentException>(() => Flink(cluster, "a").AddAsync("flink-1", "one"));
        }

        Assert.Null(await cluster.ValueAsync("flink-1"));
        var leftBehind = Assert.Single(cluster.Data.Keys);
        await cluster.Data.DeleteAsync(leftBehind, Token);

        cluster.Api.Inject(FaultRule.Fail(KubeFailure.Conflict) with { Verb = "patch", Times = 1 });
        var refused = await Assert.ThrowsAsync<KubeClientException>(() => cluster.AddAsync("1", "one"));
        Assert.Equal((KubeFailure.Conflict, false), (refused.Failure, refused.IsOutcomeUnknown));
        await cluster.AssertEntriesAsync();
        Assert.Empty(cluster.Data.Keys);
    }

    private static FlinkStyleStore Flink(StoreCluster cluster, string? lockIdentity) => new(cluster.Api, cluster.Data, ElectionCluster.Key, lockIdentity);
}
