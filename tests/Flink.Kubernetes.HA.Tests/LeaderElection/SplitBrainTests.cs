using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Random schedules of everything that goes wrong: never two live terms, and a leader whenever one can be had (promises P2, P7, P8).</summary>
/// <remarks>The cluster checks at its end that no two terms were live at once and that tokens only grew. The seed is in the test's name.</remarks>
[Collection(SimulatedTime.Name)]
public sealed class SplitBrainTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, int.Parse(Environment.GetEnvironmentVariable("SPLIT_BRAIN_SEEDS") ?? "40", System.Globalization.CultureInfo.InvariantCulture))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_happens_two_never_lead_at_once_and_one_leads_when_it_is_over(int seed)
    {
        var random = new Random(seed);
        await using var cluster = new ElectionCluster();
        var options = new LeaderElectionOptions();
        for (var i = 0; i < 5; i++)
        {
            // Clocks at the edge of the stated error, and wall clocks that are far off.
            var rate = 1 + (options.MaxClockRateError * ((random.NextDouble() * 2) - 1));
            var clock = new SkewedTimeProvider(cluster.Time, rate, TimeSpan.FromHours(random.Next(-48, 48)));
            cluster.Start($"r{i}", options: options, clock: clock);
        }

        var faults = new List<IDisposable>();
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        for (var step = 0; step < 120; step++)
        {
            await MischiefAsync(cluster, random, faults);
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(random.NextDouble() * 6));
        }

        faults.ForEach(f => f.Dispose());
        cluster.Replicas.ForEach(r => r.Client.Heal());

        // What was done last, such as a deletion, may still have to be noticed.
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(30));
        await cluster.UntilAsync(() => cluster.Replicas.Count(r => r.Leads) == 1, TimeSpan.FromSeconds(60), "one leads when everything is well");
        var leader = cluster.Replicas.Single(r => r.Leads);
        var terms = leader.Terms.Count;
        await cluster.AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.True(leader.Leads && leader.Terms.Count == terms, "When everything is well leadership stays.");
    }

    private static async Task MischiefAsync(ElectionCluster cluster, Random random, List<IDisposable> faults)
    {
        var victim = cluster.Replicas.FirstOrDefault(r => r.Leads) is { } leader && random.Next(2) == 0
            ? leader
            : cluster.Replicas[random.Next(cluster.Replicas.Count)];
        switch (random.Next(16))
        {
            case 0:
                victim.Client.Partition(silent: false);
                break;
            case 1:
                victim.Client.Partition(silent: true);
                break;
            case 2 or 3:
                victim.Client.Heal();
                break;
            case 4:
                faults.Add(victim.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = random.Next(1, 4) }));
                break;
            case 5:
                faults.Add(victim.Client.Inject(FaultRule.LoseRequest() with { Times = random.Next(1, 4) }));
                break;
            case 6:
                faults.Add(victim.Client.Inject(FaultRule.DeliverLate(TimeSpan.FromSeconds(random.NextDouble() * 20)) with { Verb = "patch", Times = random.Next(1, 4) }));
                break;
            case 7:
                faults.Add(victim.Client.Inject(FaultRule.Hang(afterEffect: random.Next(2) == 0) with { Times = random.Next(1, 3) }));
                break;
            case 8:
                victim.Client.SilenceWatches();
                break;
            case 9:
                victim.Client.CutWatches();
                cluster.Server.CompactHistory();
                break;
            case 10:
                cluster.Time.StepWallClock(TimeSpan.FromMinutes(random.Next(-600, 600)));
                break;
            case 11:
                await TryAsync(() => cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: TestContext.Current.CancellationToken));
                break;
            case 12:
                await TryAsync(() => cluster.EditAsync(new JsonObject { ["data"] = new JsonObject { ["address"] = "http://nowhere", ["sessionId"] = null } }));
                break;
            case 13:
                await TryAsync(() => cluster.EditLockAsync(random.Next(2) == 0 ? null : "junk"));
                break;
            case 14:
                _ = victim.Term?.DisposeAsync().AsTask();
                break;
            case 15:
                await TryAsync(() => cluster.EditAsync(new JsonObject { ["data"] = null }));
                break;
        }
    }

    private static async Task TryAsync(Func<Task> change)
    {
        try
        {
            await change();
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
        }
    }

    [Fact]
    public async Task Clocks_at_both_ends_of_the_stated_error_do_not_make_two_leaders()
    {
        await using var cluster = new ElectionCluster();
        var options = new LeaderElectionOptions { LeaseDuration = TimeSpan.FromSeconds(15), RenewDeadline = TimeSpan.FromSeconds(14.7), MaxClockRateError = 0.0099 };
        var slow = cluster.Start("slow", options: options, clock: new SkewedTimeProvider(cluster.Time, 1 - options.MaxClockRateError, TimeSpan.Zero));
        await cluster.UntilAsync(() => slow.Leads, TimeSpan.FromSeconds(1), "the slow one leads");
        var fast = cluster.Start("fast", options: options, clock: new SkewedTimeProvider(cluster.Time, 1 + options.MaxClockRateError, TimeSpan.Zero));
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(3));

        slow.Crash();
        await cluster.UntilAsync(() => fast.Leads, TimeSpan.FromSeconds(16), "the fast one leads");
        Assert.True(slow.Terms.First().Lost.IsCancellationRequested);
    }

    [Fact]
    public async Task A_timer_that_fires_early_does_not_shorten_a_lease()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync("""{"holderIdentity":"other","leaseDurationSeconds":7}""");
        var hasty = cluster.Start("hasty", clock: new HastyTimeProvider(cluster.Time, TimeSpan.FromMilliseconds(20)));

        await cluster.AdvanceAsync(TimeSpan.FromSeconds(6.999));
        Assert.DoesNotContain(cluster.Server.Requests, r => r.Verb == "patch");
        await cluster.UntilAsync(() => hasty.Leads, TimeSpan.FromMilliseconds(10), "it leads after the lease");
    }

    [Fact]
    public async Task Standbys_learn_not_to_write_all_at_once_when_the_lock_is_free()
    {
        await using var cluster = new ElectionCluster();
        for (var i = 0; i < 10; i++)
        {
            cluster.Start($"r{i}");
        }

        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        var writes = new List<int>();
        for (var round = 0; round < 12; round++)
        {
            cluster.Server.ClearRequests();
            await cluster.EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1}""");
            await cluster.UntilAsync(() => cluster.Replicas.Count(r => r.Leads) == 1, TimeSpan.FromSeconds(2), "one leads");
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(0.5));

            // The deposed leader's own check is one write, and not a race for the lock.
            writes.Add(cluster.Server.Requests.Count(r => r.Verb == "patch" && r.User != "admin") - 1);
        }

        // Ten in a herd at first; later about one or two.
        Assert.True(writes.Skip(8).Average() <= 4, string.Join(' ', writes));
        Assert.DoesNotContain(0, writes);
    }

    [Fact]
    public async Task A_late_write_of_an_earlier_term_never_takes_effect()
    {
        await using var cluster = new ElectionCluster();
        var old = await cluster.StartLeaderAsync("old", r => r.Address = "http://old");
        var standby = cluster.Start("standby", r => r.Address = "http://new");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        // Renewals and the publication of an address that arrive after the takeover.
        old.Client.Inject(FaultRule.DeliverLate(TimeSpan.FromSeconds(30)) with { Verb = "patch" });
        _ = old.Term!.PublishAddressAsync("http://late", TestContext.Current.CancellationToken);
        await cluster.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(20), "the standby leads");
        await cluster.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal("http://new", (await cluster.ReadAsync()).Data!["address"]);
        Assert.Equal("standby", (await cluster.ReadRecordAsync()).HolderIdentity);
        Assert.Single(standby.Terms);
    }
}
