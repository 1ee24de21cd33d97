using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>What others do to the ConfigMap while it is led (promises P1, P3, P10).</summary>
[Collection(SimulatedTime.Name)]
public sealed class InterferenceTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(null)]
    [InlineData("junk")]
    [InlineData("""{"holderIdentity":"leader","leaseDurationSeconds":1}""")]
    public async Task A_lock_that_was_stripped_or_garbled_is_put_back_and_no_standby_takes_it(string? annotation)
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        await cluster.EditLockAsync(annotation);
        await cluster.UntilAsync(() => leader.Logs.Count(304) == 1, AtOnce, "it is put back at once");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(60));

        Assert.Equal("leader", (await cluster.ReadRecordAsync()).HolderIdentity);
        Assert.Single(leader.Terms);
        Assert.Empty(standby.Terms);
    }

    [Fact]
    public async Task A_stripped_lock_whose_leader_is_dead_is_taken_after_a_lease()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        leader.Crash();

        await cluster.EditLockAsync(null);
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(14.9));
        Assert.Empty(standby.Terms);
        await cluster.UntilAsync(() => standby.Leads, AtOnce * 3, "the standby leads");
    }

    [Fact]
    public async Task Data_and_term_that_were_edited_are_put_back_within_a_retry_period()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader", r => r.Address = "http://leader");
        await cluster.EditAsync(new JsonObject { ["data"] = new JsonObject { ["address"] = "http://evil", ["sessionId"] = Guid.NewGuid().ToString(), ["fencingToken"] = "1" } });
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(2.1));
        Assert.Equal("http://leader", (await cluster.ReadAsync()).Data!["address"]);
        Assert.Equal(leader.Term!.SessionId.ToString(), (await cluster.ReadAsync()).Data!["sessionId"]);

        await cluster.EditAsync(new JsonObject { ["data"] = null });
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(2.1));
        Assert.Equal("http://leader", (await cluster.ReadAsync()).Data!["address"]);

        var forged = new TermRecord { HolderIdentity = "leader", SessionId = leader.Term.SessionId, FencingToken = 1, Address = "http://evil" };
        await cluster.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.TermAnnotation] = forged.ToJson() } } });
        await cluster.AdvanceAsync(AtOnce);
        var term = TermRecord.TryParse((await cluster.ReadAsync()).Metadata.Annotations![HaNames.TermAnnotation]);
        Assert.Equal("http://leader", term!.Address);
        Assert.Equal(leader.Term.FencingToken, term.FencingToken);
        Assert.Single(leader.Terms);
    }

    [Fact]
    public async Task Deleted_while_leading_the_term_ends_at_once_and_the_next_has_a_larger_token()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: TestContext.Current.CancellationToken);
        await cluster.UntilAsync(() => leader.Terms.Count == 2 && leader.Leads, AtOnce, "it has ended its term and leads in a new one");

        Assert.Equal(LeadershipLossReason.Deleted, leader.Terms.First().LossReason);
        Assert.Contains("deleted", leader.Logs.Text, StringComparison.Ordinal);
        Assert.Empty(standby.Terms);
    }

    [Fact]
    public async Task Deleted_and_restored_from_a_copy_the_term_ends_all_the_same()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        var copy = await cluster.ReadAsync();
        leader.Client.SilenceWatches();

        await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: TestContext.Current.CancellationToken);
        await cluster.Admin.CreateAsync(KubeResources.ConfigMaps, copy with { Metadata = copy.Metadata with { ResourceVersion = null, Uid = null } }, TestContext.Current.CancellationToken);
        await cluster.UntilAsync(() => leader.Terms.Count == 2 && leader.Leads, TimeSpan.FromSeconds(3), "it has ended its term and leads in a new one");
        Assert.Equal(LeadershipLossReason.Deleted, leader.Terms.First().LossReason);
    }

    [Fact]
    public async Task Deleted_while_the_leader_is_cut_off_a_standby_still_waits_out_its_lease()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(4.1));
        leader.Client.Partition(silent: true);

        await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: TestContext.Current.CancellationToken);
        await cluster.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(15.2), "the standby leads after the lease");
        Assert.True(leader.Term!.Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_holder_that_someone_clears_ends_the_term()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1}""");
        await cluster.UntilAsync(() => leader.Terms.First().Lost.IsCancellationRequested, AtOnce, "Lost fires");
        Assert.Equal(LeadershipLossReason.ReleasedExternally, leader.Terms.First().LossReason);
    }

    [Fact]
    public async Task A_foreign_holder_ends_the_term_and_is_waited_for()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.EditLockAsync("""{"holderIdentity":"client-go","leaseDurationSeconds":15,"renewTime":"2026-11-20T05:24:37Z"}""");
        await cluster.UntilAsync(() => leader.Term!.Lost.IsCancellationRequested, AtOnce, "Lost fires");

        Assert.Equal(LeadershipLossReason.TakenOver, leader.Term!.LossReason);
        Assert.Contains("client-go", leader.Logs.Text, StringComparison.Ordinal);
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(14.5));
        Assert.Single(leader.Terms);
        await cluster.UntilAsync(() => leader.Terms.Count == 2, TimeSpan.FromSeconds(1), "it leads after that lease");
    }

    [Fact]
    public async Task A_fenced_write_takes_effect_only_while_the_term_holds_the_lock()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        var writes = leader.Term!.Writes;
        await cluster.WhileAdvancingAsync(writes.PatchAsync([JsonPatchOperation.Add("/data/mine", "1")], TestContext.Current.CancellationToken));
        Assert.Equal("1", (await cluster.ReadAsync()).Data!["mine"]);

        // The leader does not hear of it: cut off, and its writes arrive all the same, as late packets do.
        leader.Client.SilenceWatches();
        await cluster.EditLockAsync("""{"holderIdentity":"client-go","leaseDurationSeconds":15}""");
        var lost = await Assert.ThrowsAsync<LeadershipLostException>(() => cluster.WhileAdvancingAsync(writes.PatchAsync([JsonPatchOperation.Add("/data/mine", "2")], TestContext.Current.CancellationToken)));
        Assert.Equal(LeadershipLossReason.TakenOver, lost.Reason);
        Assert.Equal("1", (await cluster.ReadAsync()).Data!["mine"]);
        Assert.Empty(standby.Terms);
    }

    [Fact]
    public async Task A_fenced_write_is_not_disturbed_by_renewals_whose_answers_are_lost()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var writes = leader.Term!.Writes;
        using (leader.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 }))
        {
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(2.05));
        }

        await cluster.WhileAdvancingAsync(writes.PatchAsync([JsonPatchOperation.Add("/data/mine", "1")], TestContext.Current.CancellationToken));
        Assert.Equal("1", (await cluster.ReadAsync()).Data!["mine"]);
    }

    [Fact]
    public async Task An_immutable_ConfigMap_is_told_and_not_hammered()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync();
        await cluster.EditAsync(new JsonObject { ["immutable"] = true });
        var replica = cluster.Start("a");

        await cluster.AdvanceAsync(TimeSpan.FromSeconds(60));
        Assert.Empty(replica.Terms);
        Assert.Equal(1, replica.Logs.Count(307));
        Assert.True(cluster.Server.Requests.Count(r => r.User == "a" && r.Verb == "patch") <= 60 / 1.5);
    }

    [Fact]
    public async Task A_missing_permission_is_told_once_with_its_verb_and_leading_begins_when_it_is_granted()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync();
        cluster.Server.Deny("a", "patch", "configmaps");
        var replica = cluster.Start("a");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1, replica.Logs.Count(307));
        Assert.Contains("patch", replica.Logs.Text, StringComparison.Ordinal);

        cluster.Server.Allow("a", "patch", "configmaps");
        await cluster.UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(3), "it leads");
    }
}
