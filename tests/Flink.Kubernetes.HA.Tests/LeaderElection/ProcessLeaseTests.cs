using Flink.Kubernetes.HA.ConfigMaps;
using k8s;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Leaders that live by one Lease of their process (promises P2, P3, P8, P9).</summary>
public sealed class ProcessLeaseTests : ElectionTests
{
    private static LeaderElectionOptions ByLease => new() { HeartbeatMode = HeartbeatMode.ProcessLease };

    [Theory]
    [InlineData(HeartbeatMode.ProcessLease)]
    [InlineData(HeartbeatMode.ConfigMap)]
    public async Task A_standby_of_either_mode_ends_the_silent_Lease_of_a_dead_leader_before_it_takes_the_lock(HeartbeatMode mode)
    {
        var (leader, standby) = await StartBothAsync(new() { HeartbeatMode = mode });
        World.Server.ClearRequests();

        leader.Crash();
        var crashed = World.Time.GetTimestamp();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(17), "the standby leads");

        World.Time.GetElapsedTime(crashed).Should().BeGreaterThan(TimeSpan.FromSeconds(12.9)).And.BeLessThan(TimeSpan.FromSeconds(15.2));
        leader.Term!.LossReason.Should().Be(LeadershipLossReason.RenewDeadlineExceeded);
        var writes = World.Server.Requests.Where(r => r.User == "standby" && r.Verb is "patch" or "create").Select(r => $"{r.Verb} {r.Resource}").ToList();
        writes.Should().StartWith("patch leases.coordination.k8s.io").And.Contain("patch configmaps");
        standby.Term!.FencingToken.Should().BeGreaterThan(leader.Term.FencingToken);
    }

    [Theory]
    [InlineData(HeartbeatMode.ProcessLease)]
    [InlineData(HeartbeatMode.ConfigMap)]
    public async Task A_standby_whose_watch_of_the_Lease_hangs_does_not_steal_from_a_leader_that_lives(HeartbeatMode mode)
    {
        var (leader, standby) = await StartBothAsync(new() { HeartbeatMode = mode });
        standby.Network.SilenceWatches();
        World.Server.ClearRequests();

        await World.AdvanceAsync(TimeSpan.FromMinutes(2));

        leader.Leads.Should().BeTrue();
        leader.Terms.Should().ContainSingle();
        World.Server.Requests.Should().Contain(r => r.User == "standby" && r.Verb == "patch" && r.Resource == "leases.coordination.k8s.io");
        World.Server.Requests.Should().NotContain(r => r.User == "standby" && r.Verb == "patch" && r.Resource == "configmaps");
    }

    [Fact]
    public async Task Standbys_of_a_leader_that_lives_by_a_Lease_are_quiet()
    {
        await StartBothAsync(ByLease);
        World.Server.ClearRequests();

        await World.AdvanceAsync(TimeSpan.FromSeconds(60));

        World.Server.Requests.Should().NotContain(r => r.User == "standby");
        var writes = World.Server.Requests.Where(r => r.User == "leader" && r.Verb != "get").ToList();
        writes.Should().OnlyContain(r => r.Verb == "patch" && r.Resource == "leases.coordination.k8s.io");
        writes.Count.Should().BeInRange(29, 31);
    }

    [Fact]
    public async Task The_lock_says_that_it_is_not_renewed_so_that_contenders_that_know_only_client_go_s_record_never_take_it()
    {
        await StartLeaderAsync();

        var record = await World.ReadRecordAsync();
        record.Annotation.Should().Contain("\"leaseDurationSeconds\":2147483647");
        var term = TermRecord.TryParse((await World.ReadAsync()).Annotation(HaNames.TermAnnotation))!;
        var lease = (await World.ListLeasesAsync()).Should().ContainSingle().Subject;
        term.Lease.Should().Be(new LeaseReference(lease.Metadata.Name, lease.Metadata.Uid, 15));
        lease.Spec.HolderIdentity.Should().Be("leader");
        lease.Spec.LeaseDurationSeconds.Should().Be(15);
    }

    [Theory]
    [InlineData("ended")]
    [InlineData("deleted")]
    [InlineData("holder edited")]
    public async Task Whose_Lease_is_ended_or_deleted_loses_its_terms_and_begins_anew_by_another_Lease(string how)
    {
        var leader = await StartLeaderAsync();
        var lease = (await World.ListLeasesAsync()).Single();
        await (how switch
        {
            "ended" => World.EditLeasesAsync(new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.EndedByAnnotation] = "somebody" } },
                ["spec"] = new JsonObject { ["holderIdentity"] = "" },
            }),
            "deleted" => World.DeleteLeasesAsync(),
            _ => World.EditLeasesAsync(new JsonObject { ["spec"] = new JsonObject { ["holderIdentity"] = "somebody" } }),
        });

        await World.UntilAsync(() => leader.Terms.Count == 2, TimeSpan.FromSeconds(20), "it leads again");

        leader.Terms.First().LossReason.Should().Be(LeadershipLossReason.ProcessLeaseLost);
        (await World.ListLeasesAsync()).Should().Contain(l => l.Metadata.Name != lease.Metadata.Name);
        leader.Logs.Count(323).Should().Be(1);
    }

    [Fact]
    public async Task A_deleted_Lease_counts_as_held_for_a_lease()
    {
        var (leader, standby) = await StartBothAsync(ByLease);
        leader.Crash();
        await World.DeleteLeasesAsync();
        var deleted = World.Time.GetTimestamp();

        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(17), "the standby leads");

        World.Time.GetElapsedTime(deleted).Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task A_renewal_that_arrives_after_the_end_is_refused()
    {
        var (leader, standby) = await StartBothAsync(ByLease);
        leader.Network.Inject(Fault.LoseRequest() with { Resource = "configmaps" });
        leader.Network.Inject(Fault.DeliverLate(TimeSpan.FromSeconds(30)) with { Resource = "leases.coordination.k8s.io", Verb = "patch" });

        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(20), "the standby leads");
        await World.AdvanceAsync(TimeSpan.FromSeconds(30));

        World.Server.Requests.Should().Contain(r => r.User == "leader" && r.Verb == "patch" && r.StatusCode == 422);
        (await World.ListLeasesAsync()).Should().ContainSingle(l => l.Metadata.Name == "orders-process-leader-1").Which.Spec.HolderIdentity.Should().BeEmpty();
        standby.Terms.Should().ContainSingle();
    }

    [Fact]
    public async Task A_leader_whose_watches_hang_notices_within_its_deadline_that_its_lock_was_edited()
    {
        var leader = await StartLeaderAsync();
        leader.Network.SilenceWatches();

        await World.EditLockAsync(null);
        await World.AdvanceAsync(TimeSpan.FromSeconds(4));

        leader.Logs.Count(304).Should().Be(1);
        (await World.ReadRecordAsync()).HolderIdentity.Should().Be("leader");

        await World.DeleteAsync();
        await World.UntilAsync(() => leader.Terms.Count == 2, TimeSpan.FromSeconds(30), "it has noticed");
        leader.Terms.First().LossReason.Should().Be(LeadershipLossReason.Deleted);
    }

    [Fact]
    public async Task A_released_lock_is_taken_at_once_and_the_Lease_that_nobody_needs_is_deleted()
    {
        var (leader, standby) = await StartBothAsync(ByLease);

        _ = leader.StopAsync();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(1), "the standby leads");
        await World.AdvanceAsync(TimeSpan.FromSeconds(5));

        (await World.ListLeasesAsync()).Select(l => l.Spec.HolderIdentity).Should().Equal("standby");
    }

    [Fact]
    public async Task A_lock_that_could_not_be_released_at_first_is_released_later_because_the_Lease_would_hold_it()
    {
        var (leader, standby) = await StartBothAsync(ByLease);
        using (leader.Network.Inject(Fault.LoseRequest() with { Resource = "configmaps", Verb = "patch" }))
        {
            var stop = leader.StopAsync();
            await World.UntilAsync(() => stop.IsCompleted, TimeSpan.FromSeconds(10), "it does not wait for ever");
        }

        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(5), "the standby leads");
    }

    [Fact]
    public async Task The_lock_of_a_term_that_was_abandoned_runs_out_although_the_Lease_lives_on()
    {
        var (leader, standby) = await StartBothAsync(ByLease);
        leader.Work = _ => Task.CompletedTask;
        var other = leader.Elect(LeaderComponent.ResourceManager);
        await using var terms = other.ContendAsync(Token).GetAsyncEnumerator(Token);
        (await World.WhileAdvancingAsync(terms.MoveNextAsync().AsTask())).Should().BeTrue();
        var competitor = World.Start("competitor", component: LeaderComponent.ResourceManager);
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        World.Forget();

        // Its owner never disposes the term: work may still be running.
        await World.WhileAdvancingAsync(other.DisposeAsync().AsTask());
        var abandoned = World.Time.GetTimestamp();
        terms.Current.LossReason.Should().Be(LeadershipLossReason.Abandoned);
        await World.UntilAsync(() => competitor.Leads, TimeSpan.FromSeconds(17), "another leads after a lease");

        World.Time.GetElapsedTime(abandoned).Should().BeGreaterThan(TimeSpan.FromSeconds(14.9));
        (leader.Leads && !standby.Leads).Should().BeTrue("the other term lives on");
    }

    [Fact]
    public async Task An_outage_shorter_than_the_deadline_costs_nothing_and_a_longer_one_every_term()
    {
        var leader = await StartLeaderAsync();
        leader.Network.Partition();
        await World.AdvanceAsync(TimeSpan.FromSeconds(7.5));
        leader.Network.Heal();
        await World.AdvanceAsync(TimeSpan.FromSeconds(5));
        leader.Terms.Should().ContainSingle();
        leader.Logs.Count(321).Should().Be(1);
        leader.Logs.Count(322).Should().Be(1);

        leader.Network.Partition();
        await World.UntilAsync(() => !leader.Leads, TimeSpan.FromSeconds(10.1), "it has lost its term");
    }

    [Fact]
    public async Task A_path_that_loses_every_response_costs_no_leadership()
    {
        var leader = await StartLeaderAsync();
        using (leader.Network.Inject(Fault.LoseResponse() with { Resource = "leases.coordination.k8s.io", Verb = "patch" }))
        {
            await World.AdvanceAsync(TimeSpan.FromMinutes(1));
        }

        leader.Terms.Should().ContainSingle();
    }

    [Fact]
    public async Task A_creation_whose_response_was_lost_leaves_one_Lease()
    {
        var leader = World.Start("leader", r => r.Network.Inject(Fault.LoseResponse() with { Resource = "leases.coordination.k8s.io", Verb = "create", Times = 1 }), ByLease);

        await World.UntilAsync(() => leader.Leads, TimeSpan.FromSeconds(5), "it leads");

        (await World.ListLeasesAsync()).Should().ContainSingle();
    }

    [Fact]
    public async Task A_Lease_that_was_ended_is_deleted_when_everybody_has_seen_that()
    {
        var (leader, standby) = await StartBothAsync(ByLease);
        leader.Crash();

        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(17), "the standby leads");
        (await World.ListLeasesAsync()).Should().HaveCount(2);
        await World.AdvanceAsync(TimeSpan.FromSeconds(70));

        (await World.ListLeasesAsync()).Select(l => l.Spec.HolderIdentity).Should().Equal("standby");
    }

    [Fact]
    public async Task Without_the_permission_to_end_a_Lease_the_contender_says_so()
    {
        World.Server.Deny("standby", "patch", "leases.coordination.k8s.io");
        var (leader, standby) = await StartBothAsync(ByLease);
        leader.Crash();

        await World.AdvanceAsync(TimeSpan.FromSeconds(60));

        standby.Terms.Should().BeEmpty();
        standby.Logs.Count(325).Should().Be(1);
        standby.Service.Failure!.Exception.Should().BeOfType<KubernetesHaException>().Which.Message.Should().Contain("leases.coordination.k8s.io");
    }

    [Theory]
    [InlineData("../configmaps/other", "1")]
    [InlineData("", "1")]
    [InlineData("name", "")]
    public async Task A_lock_with_the_name_of_a_Lease_that_cannot_be_one_is_held_for_a_lease_from_its_last_change(string name, string uid)
    {
        await World.CreateAsync("""{"holderIdentity":"other","leaseDurationSeconds":2147483647}""");
        var term = new TermRecord { HolderIdentity = "other", SessionId = Guid.NewGuid(), FencingToken = 1, Lease = new LeaseReference(name, uid, 15) };
        await World.EditTermAsync(term);
        await World.EditAnnotationAsync(HaNames.ClusterIdAnnotation, HaWorld.ClusterId);
        var replica = World.Start("replica");
        await World.AdvanceAsync(TimeSpan.FromSeconds(14));

        replica.Leads.Should().BeFalse();
        await World.UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(3), "it leads after a lease");
    }

    [Fact]
    public async Task A_restored_lock_that_names_a_Lease_which_ended_long_ago_is_not_taken_at_once()
    {
        var (leader, standby) = await StartBothAsync(ByLease);
        var copy = await World.ReadAsync();
        leader.Crash();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(17), "the standby leads");
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        var third = World.Start("third", options: ByLease);
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        standby.Network.SilenceWatches();

        // Beside the standby, which leads: the end of the world checks that no two did.
        await World.PutAsync(copy);
        await World.UntilAsync(() => third.Leads, TimeSpan.FromSeconds(40), "the third leads");

        standby.Terms.First().Lost.IsCancellationRequested.Should().BeTrue();
    }

    [Fact]
    public async Task Followers_see_by_the_Lease_whether_the_leader_is_alive()
    {
        var leader = await StartLeaderAsync();
        await using var follower = new Follower(World);
        var retrieval = follower.Follow();
        await World.UntilAsync(() => retrieval.Current?.Liveness == LeaderLiveness.Alive, TimeSpan.FromSeconds(5), "it is seen to renew");
        await World.AdvanceAsync(TimeSpan.FromSeconds(60));
        retrieval.Current!.Liveness.Should().Be(LeaderLiveness.Alive);

        leader.Crash();
        await World.UntilAsync(() => retrieval.Current?.Liveness == LeaderLiveness.Suspected, TimeSpan.FromSeconds(16), "it is suspected");
    }

    private Task<Replica> StartLeaderAsync() => World.StartLeaderAsync("leader", options: ByLease);

    /// <summary>Starts a leader that lives by a Lease, and a standby of any mode.</summary>
    private async Task<(Replica Leader, Replica Standby)> StartBothAsync(LeaderElectionOptions standbyOptions)
    {
        var leader = await StartLeaderAsync();
        var standby = World.Start("standby", options: standbyOptions);
        await World.AdvanceAsync(TimeSpan.FromSeconds(4));
        return (leader, standby);
    }
}
