using Flink.Kubernetes.HA.ConfigMaps;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Random schedules of everything that goes wrong: never two live terms, and a leader whenever one can be had (promises P2, P7, P8).</summary>
/// <remarks>The cluster checks at its end that no two terms were live at once and that tokens only grew. The seed is in the test's name.</remarks>
public class SplitBrainTests : ElectionTests
{
    private readonly List<V1Lease> _leases = [];

    public static TheoryData<int> Seeds =>
        Environment.GetEnvironmentVariable("SPLIT_BRAIN_ONLY") is { } only
            ? [.. only.Split(',').Select(seed => int.Parse(seed, CultureInfo.InvariantCulture))]
            : [.. Enumerable.Range(1, int.Parse(Environment.GetEnvironmentVariable("SPLIT_BRAIN_SEEDS") ?? "40", CultureInfo.InvariantCulture))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_happens_two_never_lead_at_once_and_one_leads_when_it_is_over(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 5; i++)
        {
            // Clocks at the edge of the stated error, and wall clocks that are far off. One third of the seeds each: locks that are renewed,
            // locks that name Leases, and both beside each other.
            var options = new LeaderElectionOptions { HeartbeatMode = (seed % 3) switch { 0 => HeartbeatMode.ConfigMap, 1 => HeartbeatMode.ProcessLease, _ => (HeartbeatMode)(i % 2) } };
            var rate = 1 + (options.MaxClockRateError * ((random.NextDouble() * 2) - 1));
            var clock = World.Time.CreateSkewed(rate, TimeSpan.FromHours(random.Next(-48, 48)));
            World.Start($"r{i}", options: options, clock: clock);
        }

        var faults = new List<IDisposable>();
        var copies = new List<ConfigMap>();
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        for (var step = 0; step < 120; step++)
        {
            await MischiefAsync(random, faults, copies);
            await World.AdvanceAsync(TimeSpan.FromSeconds(random.NextDouble() * 6));
        }

        faults.ForEach(f => f.Dispose());
        World.Replicas.ForEach(r => r.Network.Heal());

        // What was done last, such as a deletion, may still have to be noticed.
        await World.AdvanceAsync(TimeSpan.FromSeconds(30));
        await World.UntilAsync(() => World.Replicas.Count(r => r.Leads) == 1, TimeSpan.FromSeconds(60), "one leads when everything is well");
        var leader = World.Replicas.Single(r => r.Leads);
        var terms = leader.Terms.Count;
        await World.AdvanceAsync(TimeSpan.FromMinutes(2));
        (leader.Leads && leader.Terms.Count == terms).Should().BeTrue("leadership stays while everything is well");
    }

    private async Task MischiefAsync(Random random, List<IDisposable> faults, List<ConfigMap> copies)
    {
        var victim = World.Replicas.FirstOrDefault(r => r.Leads) is { } leader && random.Next(2) == 0
            ? leader
            : World.Replicas[random.Next(World.Replicas.Count)];
        switch (random.Next(HasLeases ? 24 : 20))
        {
            case 0:
                victim.Network.Partition(silent: false);
                break;
            case 1:
                victim.Network.Partition(silent: true);
                break;
            case 2 or 3:
                victim.Network.Heal();
                break;
            case 4:
                faults.Add(victim.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = random.Next(1, 4) }));
                break;
            case 5:
                faults.Add(victim.Network.Inject(Fault.LoseRequest() with { Times = random.Next(1, 4) }));
                break;
            case 6:
                faults.Add(victim.Network.Inject(Fault.DeliverLate(TimeSpan.FromSeconds(random.NextDouble() * 20)) with { Verb = "patch", Times = random.Next(1, 4) }));
                break;
            case 7:
                faults.Add(victim.Network.Inject(Fault.Hang(afterEffect: random.Next(2) == 0) with { Times = random.Next(1, 3) }));
                break;
            case 8:
                victim.Network.SilenceWatches();
                break;
            case 9:
                victim.Network.CutWatches();
                World.Server.CompactHistory();
                break;
            case 10:
                World.Time.StepWallClock(TimeSpan.FromMinutes(random.Next(-600, 600)));
                break;
            case 11:
                await TryAsync(() => World.DeleteAsync());
                break;
            case 12:
                await TryAsync(() => World.EditAsync(new JsonObject { ["data"] = new JsonObject { ["address"] = "http://nowhere", ["sessionId"] = null } }));
                break;
            case 13:
                await TryAsync(() => World.EditLockAsync(random.Next(2) == 0 ? null : "junk"));
                break;
            case 14:
                _ = victim.Term?.DisposeAsync().AsTask();
                break;
            case 15:
                await TryAsync(() => World.RemoveDataAsync());
                break;
            case 16:
                await World.PutAsync(new ConfigMap(HaWorld.Key) { Labels = HaNames.Labels(random.Next(2) == 0 ? HaWorld.ClusterId : "platform") });
                break;
            case 17:
                await TryAsync(() => World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = null } }));
                break;
            case 18:
                await TryAsync(() => World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "platform" } } }));
                break;
            case 19:
                await BackUpOrRestoreAsync(random, copies);
                break;
            case 20:
                await TryAsync(() => World.DeleteLeasesAsync());
                break;
            case 21:
                await TryAsync(() => World.EditLeasesAsync(new JsonObject { ["spec"] = new JsonObject { ["holderIdentity"] = random.Next(2) == 0 ? null : "somebody" } }));
                break;
            case 22:
                await TryAsync(() => World.EditLeasesAsync(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["touched"] = $"{random.Next()}" } } }));
                break;
            case 23:
                await BackUpOrRestoreLeaseAsync(random);
                break;
        }
    }

    private bool HasLeases => World.Replicas.Any(r => r.Options.HeartbeatMode == HeartbeatMode.ProcessLease);

    private async Task BackUpOrRestoreLeaseAsync(Random random)
    {
        if (_leases.Count > 0 && random.Next(2) == 0)
        {
            await TryAsync(() => World.PutLeaseAsync(_leases[random.Next(_leases.Count)]));
        }
        else
        {
            _leases.AddRange(await World.ListLeasesAsync());
        }
    }

    private async Task BackUpOrRestoreAsync(Random random, List<ConfigMap> copies)
    {
        // A copy that says that nobody leads is not put back: that would tell everyone so beside a leader.
        if (copies.Count > 0 && random.Next(2) == 0)
        {
            await World.PutAsync(copies[random.Next(copies.Count)]);
        }
        else if (await World.FindAsync(HaWorld.Key) is { } now
            && LeaderElectionRecord.Parse(now.Annotation(HaNames.LockAnnotation)) is { IsReadable: true, IsReleased: false })
        {
            copies.Add(now);
        }
    }

    private static async Task TryAsync(Func<Task> change)
    {
        try
        {
            await change();
        }
        catch (Exception exception) when (exception is KubernetesHaException { Failure: KubernetesFailure.NotFound }
            or k8s.Autorest.HttpOperationException { Response.StatusCode: HttpStatusCode.NotFound })
        {
        }
    }

    [Fact]
    public async Task Clocks_at_both_ends_of_the_stated_error_do_not_make_two_leaders()
    {
        var options = new LeaderElectionOptions { LeaseDuration = TimeSpan.FromSeconds(15), RenewDeadline = TimeSpan.FromSeconds(14.7), MaxClockRateError = 0.0099 };
        var slow = World.Start("slow", options: options, clock: World.Time.CreateSkewed(1 - options.MaxClockRateError));
        await World.UntilAsync(() => slow.Leads, TimeSpan.FromSeconds(1), "the slow one leads");
        var fast = World.Start("fast", options: options, clock: World.Time.CreateSkewed(1 + options.MaxClockRateError));
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));

        slow.Crash();
        await World.UntilAsync(() => fast.Leads, TimeSpan.FromSeconds(16), "the fast one leads");
        slow.Terms.First().Lost.IsCancellationRequested.Should().BeTrue();
    }

    [Fact]
    public async Task A_timer_that_fires_early_does_not_shorten_a_lease()
    {
        await World.CreateAsync("""{"holderIdentity":"other","leaseDurationSeconds":7}""");
        var hasty = World.Start("hasty", clock: new HastyTimeProvider(World.Time, TimeSpan.FromMilliseconds(20)));

        await World.AdvanceAsync(TimeSpan.FromSeconds(6.999));
        World.Server.Requests.Should().NotContain(r => r.Verb == "patch");
        await World.UntilAsync(() => hasty.Leads, TimeSpan.FromMilliseconds(10), "it leads after the lease");
    }

    [Fact]
    public async Task Standbys_learn_not_to_write_all_at_once_when_the_lock_is_free()
    {
        for (var i = 0; i < 10; i++)
        {
            World.Start($"r{i}");
        }

        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        var writes = new List<int>();
        for (var round = 0; round < 12; round++)
        {
            World.Server.ClearRequests();
            await World.EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1}""");
            await World.UntilAsync(() => World.Replicas.Count(r => r.Leads) == 1, TimeSpan.FromSeconds(2), "one leads");
            await World.AdvanceAsync(TimeSpan.FromSeconds(0.5));

            writes.Add(World.Server.Requests.Count(r => r.Verb == "patch" && r.User != "admin"));
        }

        // Ten in a herd at first; later about one or two.
        writes.Skip(8).Average().Should().BeLessThanOrEqualTo(4, $"the numbers of writes were {string.Join(' ', writes)}");
        writes.Should().NotContain(0);
    }

    [Fact]
    public async Task A_late_write_of_an_earlier_term_never_takes_effect()
    {
        var old = await World.StartLeaderAsync("old", r => r.Address = "http://old");
        var standby = World.Start("standby", r => r.Address = "http://new");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        // Renewals and the publication of an address that arrive after the takeover.
        old.Network.Inject(Fault.DeliverLate(TimeSpan.FromSeconds(30)) with { Verb = "patch" });
        _ = old.Term!.PublishAddressAsync("http://late", Token);
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(20), "the standby leads");
        await World.AdvanceAsync(TimeSpan.FromMinutes(1));

        TermRecord.TryParse((await World.ReadAsync()).Annotations[HaNames.TermAnnotation])!.Address.Should().Be("http://new");
        (await World.ReadRecordAsync()).HolderIdentity.Should().Be("standby");
        standby.Terms.Should().ContainSingle();
    }

    /// <summary>A clock whose timers fire early, as those of a coarse system clock do.</summary>
    private sealed class HastyTimeProvider(TimeProvider inner, TimeSpan haste) : TimeProvider
    {
        public override long TimestampFrequency => inner.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

        public override long GetTimestamp() => inner.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new HastyTimer(inner.CreateTimer(callback, state, Early(dueTime), period), this);

        // Short waits stay as they are, or none would ever end late enough.
        private TimeSpan Early(TimeSpan time) => time > haste * 2 ? time - haste : time;

        private sealed class HastyTimer(ITimer timer, HastyTimeProvider clock) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(clock.Early(dueTime), period);

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}

/// <summary>The same with one watch by label for all ConfigMaps of the cluster.</summary>
public sealed class SplitBrainByLabelTests : SplitBrainTests
{
    public SplitBrainByLabelTests() => World.WatchByLabel();
}
