using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Keeping the lock: what it costs, what it survives, and when it ends (promises P2, P3, P8, P9).</summary>
public sealed class RenewalTests : ElectionTests
{
    [Fact]
    public async Task A_leader_writes_once_a_retry_period_and_reads_nothing_and_a_standby_sends_nothing()
    {
        var leader = await World.StartLeaderAsync("leader");
        World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        World.Server.ClearRequests();

        await World.AdvanceAsync(TimeSpan.FromSeconds(60));

        World.Server.Requests.Count(r => r.User == "leader" && r.Verb == "patch").Should().Be(30);
        World.Server.Requests.Should().NotContain(r => r.User == "leader" && r.Verb != "patch");
        World.Server.Requests.Should().NotContain(r => r.User == "standby");
        leader.Leads.Should().BeTrue();
    }

    [Fact]
    public async Task An_outage_shorter_than_the_renew_deadline_costs_no_leadership()
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(7));

        leader.Network.Partition();
        standby.Network.Partition();
        await World.AdvanceAsync(TimeSpan.FromSeconds(7));
        leader.Network.Heal();
        standby.Network.Heal();
        await World.AdvanceAsync(TimeSpan.FromSeconds(60));

        leader.Terms.Should().ContainSingle();
        leader.Leads.Should().BeTrue();
        standby.Terms.Should().BeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Leadership_is_lost_at_the_renew_deadline_counted_from_the_last_renewal_sent_also_while_a_request_hangs(bool hangs)
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(4.5));
        leader.Network.Partition(silent: hangs);
        leader.Work = _ => Task.CompletedTask;

        await World.AdvanceAsync(TimeSpan.FromSeconds(9.9) - leader.Term!.SinceRenewal);
        leader.Terms.First().IsLeading.Should().BeTrue();
        await World.UntilAsync(() => leader.Terms.First().Lost.IsCancellationRequested, TimeSpan.FromMilliseconds(150), "Lost fires 10 s after the last renewal was sent");

        leader.Terms.First().LossReason.Should().Be(LeadershipLossReason.RenewDeadlineExceeded);
        leader.Logs.Count(302).Should().Be(1);
        standby.Terms.Should().BeEmpty();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(5.2), "the standby leads after the lease");
    }

    [Theory]
    [InlineData(15, 5.725, 2, 3.0)]
    [InlineData(5, 3, 1, null)]
    public async Task One_request_that_hangs_costs_no_leadership_at_the_shortest_deadline_that_is_valid(double lease, double deadline, double period, double? limit)
    {
        var options = new LeaderElectionOptions
        {
            LeaseDuration = TimeSpan.FromSeconds(lease), RenewDeadline = TimeSpan.FromSeconds(deadline), RetryPeriod = TimeSpan.FromSeconds(period),
        };
        options.RequestTimeout = limit is { } seconds ? TimeSpan.FromSeconds(seconds) : options.RequestTimeout;
        var failures = new List<string>();
        LeaderElectionOptionsValidator.Check(options, failures);
        failures.Should().BeEmpty();
        var leader = World.Start("leader", options: options);
        await World.UntilAsync(() => leader.Leads, TimeSpan.FromSeconds(1), "it leads");
        for (var round = 0; round < 100; round++)
        {
            leader.Network.Inject(Fault.Hang(afterEffect: round % 2 == 0) with { Verb = "patch", Times = 1 });
            await World.AdvanceAsync(TimeSpan.FromSeconds(deadline + (round % 7 * 0.1)));
        }

        leader.Terms.Should().ContainSingle();
        leader.Logs.Count(303).Should().BeGreaterThanOrEqualTo(100);
    }

    [Fact]
    public async Task A_process_that_was_paused_knows_by_its_clock_that_it_no_longer_leads()
    {
        var leader = await World.StartLeaderAsync("leader");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        // Time passes without a timer having had its turn, as after SIGSTOP: Advance returns before they run.
        var clock = World.Time.GetTimestamp();
        World.Time.Advance(TimeSpan.FromSeconds(10));
        var term = leader.Term!;
        term.IsLeading.Should().BeFalse($"{World.Time.GetElapsedTime(clock)} have passed");

        // It is not brought back by the renewal that was due meanwhile: who has seen it end must be able to rely on that.
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        term.LossReason.Should().Be(LeadershipLossReason.RenewDeadlineExceeded);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Steps_of_the_wall_clock_change_nothing(int direction)
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        for (var step = 0; step < 20; step++)
        {
            World.Time.StepWallClock(TimeSpan.FromDays(direction * step));
            await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        }

        leader.Terms.Should().ContainSingle();
        standby.Terms.Should().BeEmpty();
        leader.Crash();
        await World.AdvanceAsync(TimeSpan.FromSeconds(12.9));
        standby.Terms.Should().BeEmpty();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(2.2), "the standby takes over by the monotonic clock");
    }

    [Fact]
    public async Task A_renewal_whose_answer_was_lost_counts_from_when_it_was_sent()
    {
        var leader = await World.StartLeaderAsync("leader");
        using (leader.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 }))
        {
            await World.AdvanceAsync(TimeSpan.FromSeconds(60));
        }

        leader.Terms.Should().ContainSingle();
        leader.Leads.Should().BeTrue();
        leader.Network.CountCalls("get").Should().Be(1);
        leader.Logs.Count(302).Should().Be(0);
    }

    [Fact]
    public async Task The_event_of_the_creation_that_is_all_a_watch_shows_is_no_edit()
    {
        // The lock is taken before the event of the ConfigMap's creation has arrived, and nothing arrives after it.
        var leader = await World.StartLeaderAsync("leader", r => r.Network.Inject(Fault.SilenceWatch(afterEvents: 1) with { Times = 1 }));
        await World.AdvanceAsync(TimeSpan.FromSeconds(10));

        leader.Leads.Should().BeTrue();
        leader.Network.CountCalls("get").Should().Be(0);
    }

    [Fact]
    public async Task While_every_answer_is_lost_reads_find_the_renewals_and_there_is_one_warning()
    {
        var leader = await World.StartLeaderAsync("leader");
        using (leader.Network.Inject(Fault.LoseResponse() with { Verb = "patch" }))
        {
            await World.AdvanceAsync(TimeSpan.FromMinutes(5));
        }

        leader.Terms.Should().ContainSingle();
        leader.Leads.Should().BeTrue();
        leader.Logs.Entries.Where(e => e is { Id: 303, Level: LogLevel.Warning }).Should().ContainSingle();
    }

    [Fact]
    public async Task Every_answer_to_a_write_being_lost_the_lock_is_still_won()
    {
        var replica = World.Start("a", r => r.Network.Inject(Fault.LoseResponse() with { Verb = "patch" }));
        await World.UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(5), "it leads");
        await World.AdvanceAsync(TimeSpan.FromMinutes(1));
        replica.Terms.Should().ContainSingle();
    }

    [Fact]
    public async Task A_renewal_that_lands_late_neither_prolongs_nor_breaks_anything()
    {
        var leader = await World.StartLeaderAsync("leader");
        using (leader.Network.Inject(Fault.DeliverLate(TimeSpan.FromSeconds(1.7)) with { Verb = "patch", Times = 3 }))
        {
            await World.AdvanceAsync(TimeSpan.FromSeconds(60));
        }

        leader.Terms.Should().ContainSingle();
        leader.Leads.Should().BeTrue();
    }

    [Fact]
    public async Task Too_many_requests_and_a_missing_permission_are_ridden_out_and_told()
    {
        var leader = await World.StartLeaderAsync("leader");
        using (leader.Network.Inject(Fault.Fail(HttpStatusCode.TooManyRequests) with { Verb = "patch", Times = 2 }))
        {
            await World.AdvanceAsync(TimeSpan.FromSeconds(6));
        }

        World.Server.Deny("leader", "patch", "configmaps");
        await World.AdvanceAsync(TimeSpan.FromSeconds(5));
        World.Server.Allow("leader", "patch", "configmaps");
        await World.AdvanceAsync(TimeSpan.FromSeconds(60));

        leader.Terms.Should().ContainSingle();
        leader.Logs.Count(303).Should().BeGreaterThan(0);
    }

    [Fact]
    public async Task A_lost_leader_contends_again_and_leads_again()
    {
        var leader = await World.StartLeaderAsync("leader");
        for (var round = 1; round <= 3; round++)
        {
            leader.Network.Partition();
            await World.UntilAsync(() => !leader.Leads, TimeSpan.FromSeconds(11), "leadership is lost");
            leader.Network.Heal();
            await World.UntilAsync(() => leader.Terms.Count == round + 1 && leader.Leads, TimeSpan.FromSeconds(12), "it leads again");
        }

        leader.Terms.Select(t => t.FencingToken).Distinct().Count().Should().Be(4);
    }

    [Fact]
    public async Task Many_components_in_one_process_are_led_independently()
    {
        var components = Enumerable.Range(0, 20).Select(i => LeaderComponent.JobManager(JobId.NewRandom())).ToList();
        foreach (var component in components)
        {
            // The same identity for all: they are one process.
            World.Start("process", component: component);
        }

        await World.UntilAsync(() => World.Replicas.All(r => r.Leads), TimeSpan.FromSeconds(1), "all are led");
        await World.AdvanceAsync(TimeSpan.FromSeconds(30));
        World.Replicas.Should().AllSatisfy(r => r.Terms.Should().ContainSingle());
        World.Forget();
    }
}
