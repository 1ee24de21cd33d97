using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Whatever is written into the ConfigMap, from a backup or by mistake: nobody leads beside another, and nothing breaks (promises P2, P7).</summary>
[Collection(SimulatedTime.Name)]
public sealed class HostileEditsTests
{
    [Theory]
    [InlineData("""{"holderIdentity":"\ud800"}""")]
    [InlineData("""{"holderIdentity":"x","leaseDurationSeconds":"\ud800"}""")]
    [InlineData("""{"holderIdentity":"x","leaderTransitions":"\ud800"}""")]
    [InlineData("""{"holderIdentity":"x","leaseDurationSeconds":15,"other":["\udc00"]}""")]
    [InlineData("""{"holderIdentity":"x","leaseDurationSeconds":15,"\ud800":1}""")]
    [InlineData("""{"holderIdentity":"x","holderIdentity":"y"}""")]
    [InlineData("""{"holderIdentity":"x","leaderTransitions":1e300,"leaseDurationSeconds":1e300,"leaseDuration":"P99999999999Y"}""")]
    public async Task A_record_with_text_that_is_no_text_ends_no_election(string annotation)
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync(annotation);
        var a = cluster.Start("a");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(14.9));
        Assert.Null(a.Failure);
        Assert.Empty(a.Terms);

        await cluster.EditLockAsync("""{"holderIdentity":""}""");
        await cluster.UntilAsync(() => a.Leads, TimeSpan.FromSeconds(1), "it leads once the lock is free");
        await cluster.EditLockAsync(annotation);
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(30));
        Assert.Null(a.Failure);
    }

    [Theory]
    [InlineData("""{"holderIdentity":"\ud800","sessionId":"5e8f3c1a-0f5e-4a53-8f86-0a7b4c6d2e10","fencingToken":1}""")]
    [InlineData("""{"holderIdentity":"x","sessionId":"5e8f3c1a-0f5e-4a53-8f86-0a7b4c6d2e10","fencingToken":1,"address":"\ud800"}""")]
    [InlineData("""{"\ud800":1}""")]
    public void A_term_with_text_that_is_no_text_is_none(string json) => Assert.Null(TermRecord.TryParse(json));

    [Fact]
    public async Task A_copy_of_an_old_term_of_its_own_does_not_make_a_process_lead_beside_the_leader()
    {
        await using var cluster = new ElectionCluster();
        var old = await cluster.StartLeaderAsync("old");
        var copy = await cluster.ReadAsync();
        var leader = cluster.Start("leader");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        await cluster.WhileAdvancingAsync(old.Term!.DisposeAsync().AsTask());
        await cluster.UntilAsync(() => leader.Leads, TimeSpan.FromSeconds(1), "the other leads");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(3));
        leader.Client.Partition(silent: true);

        // As a backup that is put back: the lock names the process that led then.
        await cluster.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = Json(copy.Metadata.Annotations!) }, ["data"] = Json(copy.Data!) });
        await cluster.UntilAsync(() => leader.Term!.Lost.IsCancellationRequested, TimeSpan.FromSeconds(11), "the leader that is cut off has lost");
        await cluster.UntilAsync(() => old.Terms.Count == 2 && old.Leads, TimeSpan.FromSeconds(16), "it leads after a lease");
    }

    [Fact]
    public async Task The_token_grows_over_a_deletion_also_where_it_is_ahead_of_the_revisions()
    {
        await using var cluster = new ElectionCluster();
        var high = new TermRecord { HolderIdentity = "z", SessionId = Guid.NewGuid(), FencingToken = 1_000_000 };
        await cluster.CreateAsync("""{"holderIdentity":""}""");
        await cluster.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.TermAnnotation] = high.ToJson() } } });
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: TestContext.Current.CancellationToken);
        await cluster.UntilAsync(() => leader.Terms.Count == 2 && leader.Leads, TimeSpan.FromSeconds(1), "it leads in a new one");
        Assert.Equal([1_000_001, 1_000_002], leader.Terms.Select(t => t.FencingToken));
    }


    [Fact]
    public async Task Edits_of_a_ConfigMap_that_was_created_anew_do_not_shorten_the_wait_for_a_leader_that_has_not_heard()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(4.1));
        leader.Client.Partition(silent: true);
        await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: TestContext.Current.CancellationToken);
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(0.5));

        await cluster.EditLockAsync("junk");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(0.5));
        await cluster.EditLockAsync(null);
        await cluster.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(15.2), "the standby leads after the lease");
        Assert.True(leader.Term!.Lost.IsCancellationRequested);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("junk")]
    public async Task A_lock_that_is_garbled_a_second_time_while_nobody_looked_is_waited_for_anew(string? annotation)
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        leader.Client.Partition(silent: true);
        await cluster.EditLockAsync(annotation);
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(0.5));
        standby.Client.Partition(silent: true);
        leader.Client.Heal();
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(12));

        // The leader has put it back and renewed since; then it is cut off, and the same edit is made again.
        Assert.True(leader.Leads);
        leader.Client.Partition(silent: true);
        await cluster.EditLockAsync(annotation);
        standby.Client.Heal();
        await cluster.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(40), "the standby leads after a lease");
        Assert.True(leader.Term!.Lost.IsCancellationRequested);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public async Task A_made_up_token_or_count_does_not_turn_the_next_one_negative(long token)
    {
        await using var cluster = new ElectionCluster();
        var forged = new TermRecord { HolderIdentity = "z", SessionId = Guid.NewGuid(), FencingToken = token };
        await cluster.CreateAsync("""{"holderIdentity":"","leaderTransitions":1e300}""");
        await cluster.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.TermAnnotation] = forged.ToJson() } } });

        var leader = await cluster.StartLeaderAsync("leader");
        Assert.InRange(leader.Term!.FencingToken, 1, 100);
        Assert.Equal(int.MaxValue, (await cluster.ReadRecordAsync()).LeaderTransitions + 1);
    }

    private static JsonObject Json(IEnumerable<KeyValuePair<string, string>> entries) =>
        new(entries.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)));
}
