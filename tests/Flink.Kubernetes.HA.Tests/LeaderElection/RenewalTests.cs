using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Keeping the lock: what it costs, what it survives, and when it ends (promises P2, P3, P8, P9).</summary>
[Collection(SimulatedTime.Name)]
public sealed class RenewalTests
{
    [Fact]
    public async Task A_leader_writes_once_a_retry_period_and_reads_nothing_and_a_standby_sends_nothing()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        cluster.Server.ClearRequests();

        await cluster.AdvanceAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(30, cluster.Server.Requests.Count(r => r.User == "leader" && r.Verb == "patch"));
        Assert.DoesNotContain(cluster.Server.Requests, r => r.User == "leader" && r.Verb != "patch");
        Assert.DoesNotContain(cluster.Server.Requests, r => r.User == "standby");
        Assert.True(leader.Leads);
    }

    [Fact]
    public async Task An_outage_shorter_than_the_renew_deadline_costs_no_leadership()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(7));

        leader.Client.Partition();
        standby.Client.Partition();
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(7));
        leader.Client.Heal();
        standby.Client.Heal();
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(60));

        Assert.Single(leader.Terms);
        Assert.True(leader.Leads);
        Assert.Empty(standby.Terms);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Leadership_is_lost_at_the_renew_deadline_counted_from_the_last_renewal_sent_also_while_a_request_hangs(bool hangs)
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(4.5)); // Renewed at 2 and 4 s.
        leader.Client.Partition(silent: hangs);
        leader.Work = _ => Task.CompletedTask;

        await cluster.AdvanceAsync(TimeSpan.FromSeconds(9.4));
        Assert.True(leader.Terms.First().IsLeading);
        await cluster.UntilAsync(() => leader.Terms.First().Lost.IsCancellationRequested, TimeSpan.FromMilliseconds(150), "Lost fires 10 s after the last renewal was sent");

        Assert.Equal(LeadershipLossReason.RenewDeadlineExceeded, leader.Terms.First().LossReason);
        Assert.Equal(1, leader.Logs.Count(302));
        Assert.Empty(standby.Terms);
        await cluster.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(5.2), "the standby leads after the lease");
    }

    [Fact]
    public async Task A_process_that_was_paused_knows_by_its_clock_that_it_no_longer_leads()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        // Time passes without a timer having had its turn, as after SIGSTOP: Advance returns before they run.
        var clock = cluster.Time.GetTimestamp();
        cluster.Time.Advance(TimeSpan.FromSeconds(10));
        var term = leader.Term!;
        Assert.False(term.IsLeading, $"{cluster.Time.GetElapsedTime(clock)}");

        // It is not brought back by the renewal that was due meanwhile: who has seen it end must be able to rely on that.
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(LeadershipLossReason.RenewDeadlineExceeded, term.LossReason);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Steps_of_the_wall_clock_change_nothing(int direction)
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        for (var step = 0; step < 20; step++)
        {
            cluster.Time.StepWallClock(TimeSpan.FromDays(direction * step));
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(3));
        }

        Assert.Single(leader.Terms);
        Assert.Empty(standby.Terms);
        leader.Crash();
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(12.9));
        Assert.Empty(standby.Terms);
        await cluster.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(2.2), "the standby takes over by the monotonic clock");
    }

    [Fact]
    public async Task A_renewal_whose_answer_was_lost_counts_from_when_it_was_sent()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        using (leader.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 }))
        {
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(60));
        }

        Assert.Single(leader.Terms);
        Assert.True(leader.Leads);
        Assert.Equal(1, leader.Client.CountCalls("get"));
        Assert.Equal(0, leader.Logs.Count(302));
    }

    [Fact]
    public async Task Every_answer_being_lost_leadership_goes_on_as_reads_tell_that_the_renewals_were_written()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        using (leader.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch" }))
        {
            await cluster.AdvanceAsync(TimeSpan.FromMinutes(5));
        }

        Assert.Single(leader.Terms);
        Assert.True(leader.Leads);
    }

    [Fact]
    public async Task Every_answer_to_a_write_being_lost_the_lock_is_still_won()
    {
        await using var cluster = new ElectionCluster();
        var replica = cluster.Start("a", r => r.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch" }));
        await cluster.UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(5), "it leads");
        await cluster.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Single(replica.Terms);
    }

    [Fact]
    public async Task A_renewal_that_lands_late_neither_prolongs_nor_breaks_anything()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        using (leader.Client.Inject(FaultRule.DeliverLate(TimeSpan.FromSeconds(1.7)) with { Verb = "patch", Times = 3 }))
        {
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(60));
        }

        Assert.Single(leader.Terms);
        Assert.True(leader.Leads);
    }

    [Fact]
    public async Task Too_many_requests_and_a_missing_permission_are_ridden_out_and_told()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        using (leader.Client.Inject(FaultRule.Fail(KubeFailure.TooManyRequests) with { Verb = "patch", Times = 2 }))
        {
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(6));
        }

        cluster.Server.Deny("leader", "patch", "configmaps");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(5));
        cluster.Server.Allow("leader", "patch", "configmaps");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(60));

        Assert.Single(leader.Terms);
        Assert.True(leader.Logs.Count(303) > 0);
    }

    [Fact]
    public async Task A_lost_leader_contends_again_and_leads_again()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        for (var round = 1; round <= 3; round++)
        {
            leader.Client.Partition();
            await cluster.UntilAsync(() => !leader.Leads, TimeSpan.FromSeconds(11), "leadership is lost");
            leader.Client.Heal();
            await cluster.UntilAsync(() => leader.Terms.Count == round + 1 && leader.Leads, TimeSpan.FromSeconds(12), "it leads again");
        }

        Assert.Equal(4, leader.Terms.Select(t => t.FencingToken).Distinct().Count());
    }

    [Fact]
    public async Task Many_components_in_one_process_are_led_independently()
    {
        await using var cluster = new ElectionCluster();
        var components = Enumerable.Range(0, 20).Select(i => LeaderComponent.JobManager(JobId.NewRandom())).ToList();
        foreach (var component in components)
        {
            // The same identity for all: they are one process.
            cluster.Start("process", component: component);
        }

        await cluster.UntilAsync(() => cluster.Replicas.All(r => r.Leads), TimeSpan.FromSeconds(1), "all are led");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(30));
        Assert.All(cluster.Replicas, r => Assert.Single(r.Terms));
        cluster.Forget();
    }
}
