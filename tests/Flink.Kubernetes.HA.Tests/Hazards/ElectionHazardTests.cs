using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.Hazards;

/// <summary>What goes wrong with Flink's way of electing and retrieving, and does not here: the same schedule for both.</summary>
/// <remarks>Those of its state handles (1 to 6, 9, 13) are tested with the state handles.</remarks>
public sealed class ElectionHazardTests : ElectionTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hazard_7_the_old_leader_has_ended_when_another_can_begin(bool requestsHang)
    {
        await using var flinkOld = new FlinkStyleElector("old", World);
        flinkOld.Network.Inject(Fault.Delay(TimeSpan.FromMilliseconds(10), afterEffect: true));
        var old = await World.StartLeaderAsync("old");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(10.5));
        flinkOld.Network.Partition(requestsHang);
        old.Network.Partition(requestsHang);

        // Renewed 10 s after the start: 15 s later a standby that looks finds the lock free.
        await World.AdvanceAsync(TimeSpan.FromSeconds(14.9));
        await using var flinkStandby = new FlinkStyleElector("standby", World);
        await World.UntilAsync(() => flinkStandby.BelievesToLead, TimeSpan.FromSeconds(0.1), "the standby of Flink's way leads");
        flinkOld.BelievesToLead.Should().BeTrue();
        await World.AdvanceAsync(TimeSpan.FromSeconds(requestsHang ? 9 : 4));
        flinkOld.BelievesToLead.Should().BeTrue();

        // Ours are in the same world, which at its end also compares the instants of all terms.
        standby.Leads.Should().BeTrue();
        old.Terms.First().Lost.IsCancellationRequested.Should().BeTrue();
        old.Terms.First().LossReason.Should().Be(LeadershipLossReason.RenewDeadlineExceeded);
    }

    [Fact]
    public async Task Hazard_8_a_wall_clock_that_is_ahead_takes_no_lock_away()
    {
        await using var flinkLeader = new FlinkStyleElector("leader", World);
        var leader = await World.StartLeaderAsync("leader");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        var ahead = World.Time.CreateSkewed(1, TimeSpan.FromSeconds(20));
        await using var flinkAhead = new FlinkStyleElector("ahead", World, ahead);
        var standby = World.Start("ahead", clock: ahead);

        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        (flinkLeader.BelievesToLead && flinkAhead.BelievesToLead).Should().BeTrue();

        await World.AdvanceAsync(TimeSpan.FromMinutes(1));
        leader.Leads.Should().BeTrue();
        standby.Terms.Should().BeEmpty();
    }

    [Fact]
    public async Task Hazard_10_the_address_of_a_leader_that_is_gone_is_not_told_beside_its_successor()
    {
        await using var flinkOld = new FlinkStyleElector("old", World);
        await using var follower = new BothFollowers(World);
        var old = await World.StartLeaderAsync("old", r => r.Address = "http://dead");
        await World.UntilAsync(() => flinkOld.BelievesToLead, TimeSpan.FromSeconds(1), "the old one of Flink's way leads");
        await flinkOld.PublishAsync("http://dead");
        await using var flinkNext = new FlinkStyleElector("next", World);
        var next = World.Start("next");
        await World.UntilAsync(() => follower.FlinkAddress == "http://dead" && follower.Address == "http://dead", TimeSpan.FromSeconds(1), "both addresses are told");

        flinkOld.Network.Partition();
        old.Crash();
        await World.UntilAsync(() => flinkNext.BelievesToLead && next.Leads, TimeSpan.FromSeconds(30), "the next ones lead, and have told no address yet");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        follower.FlinkAddress.Should().Be("http://dead");
        follower.Address.Should().BeNull();
    }

    [Fact]
    public async Task Hazard_10_a_deleted_ConfigMap_and_a_released_lock_mean_no_leader()
    {
        await using var flink = new FlinkStyleElector("leader", World);
        await using var follower = new BothFollowers(World);
        var leader = await World.StartLeaderAsync("leader", r => r.Address = "http://dead");
        await World.UntilAsync(() => flink.BelievesToLead, TimeSpan.FromSeconds(1), "Flink's way leads");
        await flink.PublishAsync("http://dead");
        await World.UntilAsync(() => follower.FlinkAddress is not null && follower.Address is not null, TimeSpan.FromSeconds(1), "both addresses are told");

        flink.Network.Partition();
        leader.Crash();
        await World.DeleteAsync(FlinkStyleElector.Key);
        await World.DeleteAsync();
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        follower.FlinkAddress.Should().Be("http://dead");
        follower.Address.Should().BeNull();

        leader.Network.Heal();
        await World.UntilAsync(() => follower.Address == "http://dead", TimeSpan.FromSeconds(30), "it leads and is reported again");
        await World.WhileAdvancingAsync(leader.StopAsync());
        await World.UntilAsync(() => follower.Address is null, TimeSpan.FromSeconds(1), "its release is reported");
    }

    [Fact]
    public async Task Hazard_11_an_address_that_was_not_written_is_not_called_published()
    {
        await using var flink = new FlinkStyleElector("leader", World);
        var leader = await World.StartLeaderAsync("leader");
        await World.UntilAsync(() => flink.BelievesToLead, TimeSpan.FromSeconds(1), "Flink's way leads");
        leader.Network.SilenceWatches();
        const string Other = """{"holderIdentity":"other","leaseDuration":"PT15S","renewTime":"2100-01-01T00:00:00Z"}""";
        await World.EditLockAsync(Other);
        await EditFlinkLockAsync(Other);

        await flink.PublishAsync("http://lost");
        leader.Leads.Should().BeTrue("neither has heard of the other holder");
        await Awaiting(() => World.WhileAdvancingAsync(leader.Term!.PublishAddressAsync("http://lost", Token)))
            .Should().ThrowExactlyAsync<LeadershipLostException>();

        flink.LoggedAsPublished.Should().Be("http://lost");
        (await World.ReadAsync(FlinkStyleElector.Key)).Data.Keys.Should().NotContain("address");
        (await World.ReadAsync()).Data.Keys.Should().NotContain("address");
    }

    [Fact]
    public async Task Hazard_12_watches_that_fail_while_others_subscribe_and_leave_break_nothing()
    {
        // Flink's way: who is notified of a failure registers meanwhile, in the map that is being gone through.
        var handlers = new Dictionary<string, Action>();
        handlers["a"] = () => handlers["b"] = () => { };
        Invoking(() =>
        {
            foreach (var handler in handlers.Values)
            {
                handler();
            }
        }).Should().ThrowExactly<InvalidOperationException>();

        await using var follower = new BothFollowers(World);
        await World.StartLeaderAsync("leader", r => r.Address = "http://leader");
        var coming = Enumerable.Range(0, 8).Select(i => Task.Run(
            async () =>
            {
                for (var round = 0; round < 50; round++)
                {
                    await using var subscription = follower.Watches.Subscribe(new ObjectKey(HaWorld.Namespace, $"other-{(i + round) % 5}"));
                    await Task.Yield();
                }
            },
            Token));
        var failing = Task.Run(
            () =>
            {
                for (var round = 0; round < 200; round++)
                {
                    follower.Network.CutWatches();
                }
            },
            Token);

        await World.WhileAdvancingAsync(Task.WhenAll([.. coming, failing]), TimeSpan.FromMinutes(5));
        await World.UntilAsync(() => follower.Address == "http://leader", TimeSpan.FromMinutes(1), "it still hears of the leader");
    }

    [Fact]
    public async Task Hazard_14_without_the_annotation_the_election_goes_on()
    {
        await using var flinkLeader = new FlinkStyleElector("leader", World);
        var leader = await World.StartLeaderAsync("leader");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        await using var flinkStandby = new FlinkStyleElector("standby", World);
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        await EditFlinkLockAsync(null);
        await World.EditLockAsync(null);
        await World.AdvanceAsync(TimeSpan.FromMinutes(2));
        (flinkLeader.BelievesToLead || flinkStandby.BelievesToLead).Should().BeFalse();
        (flinkLeader.LastRefusal, flinkStandby.LastRefusal).Should().Be(("AlreadyExists", "AlreadyExists"));
        World.Replicas.Should().ContainSingle(r => r.Leads);

        // Also with nobody there to put it back.
        var (leads, other) = leader.Leads ? (leader, standby) : (standby, leader);
        leads.Crash();
        await World.EditLockAsync(null);
        await World.UntilAsync(() => other.Leads, TimeSpan.FromSeconds(32), "the other leads");
    }

    private Task EditFlinkLockAsync(string? annotation) => World.EditAsync(
        new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.LockAnnotation] = annotation } } }, FlinkStyleElector.Key);

    /// <summary>Follows our leader, and Flink's by its rule: an ADDED without an address and every DELETED are ignored.</summary>
    private sealed class BothFollowers : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Follower _follower;
        private readonly LeaderRetrievalService _retrieval;
        private readonly Task _flink;

        public BothFollowers(HaWorld world)
        {
            _follower = new Follower(world);
            _retrieval = _follower.Follow();
            _flink = Task.Run(() => FollowFlinkAsync(world.Requests));
        }

        public SharedWatches Watches => _follower.Watches;

        public FaultInjectingHandler Network => _follower.Network;

        public string? Address => _retrieval.Current?.Address;

        public string? FlinkAddress { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _flink;
            await _follower.DisposeAsync();
            _stop.Dispose();
        }

        private async Task FollowFlinkAsync(ConfigMapRequests requests)
        {
            try
            {
                var selection = ConfigMapSelection.Named(FlinkStyleElector.Key.Name, isMetadataOnly: false);
                await foreach (var change in requests.WatchAsync(HaWorld.Namespace, selection, resourceVersion: "", TimeSpan.FromHours(1), _stop.Token))
                {
                    var address = change.ConfigMap?.Data.GetValueOrDefault("address");
                    if (change.Type == ConfigMapEventType.Modified || (change.Type == ConfigMapEventType.Added && address is not null))
                    {
                        FlinkAddress = address;
                    }
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }
}
