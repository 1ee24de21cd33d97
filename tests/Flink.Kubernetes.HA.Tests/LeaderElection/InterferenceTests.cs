using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>What others do to the ConfigMap while it is led (promises P1, P3, P10).</summary>
public sealed class InterferenceTests : ElectionTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(100);

    [Theory]
    [InlineData(null)]
    [InlineData("junk")]
    [InlineData("""{"holderIdentity":"leader","leaseDurationSeconds":1}""")]
    public async Task A_lock_that_was_stripped_or_garbled_is_put_back_and_no_standby_takes_it(string? annotation)
    {
        var (leader, standby) = await StartBothAsync();

        await World.EditLockAsync(annotation);
        await World.UntilAsync(() => leader.Logs.Count(304) == 1, AtOnce, "it is put back at once");
        await World.AdvanceAsync(TimeSpan.FromSeconds(60));

        (await World.ReadRecordAsync()).HolderIdentity.Should().Be("leader");
        leader.Terms.Should().ContainSingle();
        standby.Terms.Should().BeEmpty();
    }

    [Fact]
    public async Task A_stripped_lock_whose_leader_is_dead_is_taken_after_a_lease()
    {
        var (leader, standby) = await StartBothAsync();
        leader.Crash();

        await World.EditLockAsync(null);
        await World.AdvanceAsync(TimeSpan.FromSeconds(14.9));
        standby.Terms.Should().BeEmpty();
        await World.UntilAsync(() => standby.Leads, AtOnce * 3, "the standby leads");
    }

    [Fact]
    public async Task A_term_that_was_edited_is_put_back_at_once_and_data_is_for_people()
    {
        var leader = await World.StartLeaderAsync("leader", r => r.Address = "http://leader");
        var forged = new TermRecord { HolderIdentity = "leader", SessionId = leader.Term!.SessionId, FencingToken = 1, Address = "http://evil" };
        await World.EditTermAsync(forged);
        await World.AdvanceAsync(AtOnce);
        var term = TermRecord.TryParse((await World.ReadAsync()).Annotations[HaNames.TermAnnotation]);
        term!.Address.Should().Be("http://leader");
        term.FencingToken.Should().Be(leader.Term.FencingToken);

        await World.EditAsync(new JsonObject { ["data"] = new JsonObject { ["address"] = "http://evil", ["sessionId"] = null, ["fencingToken"] = "1" } });
        await World.RemoveDataAsync();
        await World.AdvanceAsync(TimeSpan.FromMinutes(1));
        leader.Terms.Should().ContainSingle();
        leader.Leads.Should().BeTrue();
    }

    [Fact]
    public async Task Labels_that_a_tool_has_set_are_put_back_and_hide_nothing()
    {
        var (leader, standby) = await StartBothAsync();
        await World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "shop", ["configmap-type"] = null } } });
        await World.AdvanceAsync(AtOnce);
        var labels = (await World.ReadAsync()).Labels;
        labels["app"].Should().Be(HaWorld.ClusterId);
        labels["configmap-type"].Should().Be("high-availability");

        // Whether or not anybody is there to put them back.
        leader.Crash();
        await World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "shop" } } });
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(16), "the standby leads");
        (await World.ReadAsync()).Labels["app"].Should().Be(HaWorld.ClusterId);
    }

    [Fact]
    public async Task Deleted_while_leading_the_term_ends_at_once_and_the_next_has_a_larger_token()
    {
        var (leader, standby) = await StartBothAsync();

        await World.DeleteAsync();
        await World.UntilAsync(() => leader.Terms.First().Lost.IsCancellationRequested, AtOnce, "it has ended its term");

        leader.Terms.First().LossReason.Should().Be(LeadershipLossReason.Deleted);
        leader.Logs.Text.Should().Contain("deleted");
        await World.AdvanceAsync(TimeSpan.FromSeconds(14.5));
        (leader.Leads || standby.Leads).Should().BeFalse("whoever has seen a lock waits a lease");
        await World.UntilAsync(() => leader.Leads || standby.Leads, TimeSpan.FromSeconds(1), "one of them leads in a new one");
    }

    [Fact]
    public async Task Deleted_and_restored_from_a_copy_the_term_ends_all_the_same()
    {
        var leader = await World.StartLeaderAsync("leader");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        var copy = await World.ReadAsync();
        leader.Network.SilenceWatches();

        await World.DeleteAsync();
        await World.PutAsync(copy);
        await World.UntilAsync(() => leader.Terms.Count == 2 && leader.Leads, TimeSpan.FromSeconds(18), "it has ended its term and leads in a new one");
        leader.Terms.First().LossReason.Should().Be(LeadershipLossReason.Deleted);
    }

    [Fact]
    public async Task Deleted_while_the_leader_is_cut_off_a_standby_still_waits_out_its_lease()
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(4.1));
        leader.Network.Partition(silent: true);

        await World.DeleteAsync();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(15.2), "the standby leads after the lease");
        leader.Term!.Lost.IsCancellationRequested.Should().BeTrue();
    }

    [Fact]
    public async Task A_holder_that_someone_clears_ends_the_term()
    {
        var leader = await World.StartLeaderAsync("leader");
        await World.EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1}""");
        await World.UntilAsync(() => leader.Terms.First().Lost.IsCancellationRequested, AtOnce, "Lost fires");
        leader.Terms.First().LossReason.Should().Be(LeadershipLossReason.ReleasedExternally);
    }

    [Fact]
    public async Task A_foreign_holder_ends_the_term_and_is_waited_for()
    {
        var leader = await World.StartLeaderAsync("leader");
        await World.EditLockAsync("""{"holderIdentity":"client-go","leaseDurationSeconds":15,"renewTime":"2026-11-20T05:24:37Z"}""");
        await World.UntilAsync(() => leader.Term!.Lost.IsCancellationRequested, AtOnce, "Lost fires");

        leader.Term!.LossReason.Should().Be(LeadershipLossReason.TakenOver);
        leader.Logs.Text.Should().Contain("client-go");
        await World.AdvanceAsync(TimeSpan.FromSeconds(14.5));
        leader.Terms.Should().ContainSingle();
        await World.UntilAsync(() => leader.Terms.Count == 2, TimeSpan.FromSeconds(1), "it leads after that lease");
    }

    [Fact]
    public async Task A_fenced_write_takes_effect_only_while_the_term_holds_the_lock()
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        var writes = leader.Term!.Writes;
        await World.WhileAdvancingAsync(writes.PatchAsync([PatchOperation.Add("/data/mine", "1")], Token));
        (await World.ReadAsync()).Data["mine"].Should().Be("1");

        // The leader does not hear of it: cut off, and its writes arrive all the same, as late packets do.
        leader.Network.SilenceWatches();
        await World.EditLockAsync("""{"holderIdentity":"client-go","leaseDurationSeconds":15}""");
        var lost = (await Awaiting(() => World.WhileAdvancingAsync(writes.PatchAsync([PatchOperation.Add("/data/mine", "2")], Token)))
            .Should().ThrowExactlyAsync<LeadershipLostException>()).Which;
        lost.Reason.Should().Be(LeadershipLossReason.TakenOver);
        (await World.ReadAsync()).Data["mine"].Should().Be("1");
        standby.Terms.Should().BeEmpty();
    }

    [Fact]
    public async Task A_fenced_write_is_not_disturbed_by_renewals_whose_answers_are_lost()
    {
        var leader = await World.StartLeaderAsync("leader");
        var writes = leader.Term!.Writes;
        using (leader.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 }))
        {
            await World.AdvanceAsync(TimeSpan.FromSeconds(2.05));
        }

        await World.WhileAdvancingAsync(writes.PatchAsync([PatchOperation.Add("/data/mine", "1")], Token));
        (await World.ReadAsync()).Data["mine"].Should().Be("1");
    }

    [Fact]
    public async Task Data_that_is_refused_costs_neither_the_term_nor_an_address()
    {
        await World.CreateAsync();
        await World.EditAsync(new JsonObject { ["immutable"] = true });
        var replica = World.Start("a");
        await World.UntilAsync(() => replica.Leads, AtOnce, "it leads although data cannot be written");

        await World.WhileAdvancingAsync(replica.Term!.PublishAddressAsync("http://a", Token));
        await World.AdvanceAsync(TimeSpan.FromMinutes(3));

        TermRecord.TryParse((await World.ReadAsync()).Annotations[HaNames.TermAnnotation])!.Address.Should().Be("http://a");
        replica.Terms.Should().ContainSingle();
        replica.Logs.Entries.Where(e => e.Level >= LogLevel.Warning).Should().BeEmpty();
        (await World.ReadAsync()).Data.Should().BeEmpty();
    }

    [Fact]
    public async Task A_missing_permission_is_told_once_with_its_verb_and_leading_begins_when_it_is_granted()
    {
        await World.CreateAsync();
        World.Server.Deny("a", "patch", "configmaps");
        var replica = World.Start("a");
        await World.AdvanceAsync(TimeSpan.FromSeconds(60));
        replica.Logs.Count(307).Should().Be(1);
        replica.Logs.Text.Should().Contain("patch");

        World.Server.Allow("a", "patch", "configmaps");
        await World.UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(3), "it leads");
    }
}
