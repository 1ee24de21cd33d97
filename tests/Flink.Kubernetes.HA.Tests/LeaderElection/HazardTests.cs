using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>What goes wrong with Flink's way of electing and retrieving, and does not here: the same schedule for both.</summary>
/// <remarks>Those of its state handles (1 to 6, 9, 13) are tested with the state handles.</remarks>
[Collection(SimulatedTime.Name)]
public sealed class HazardTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Hazard_7_the_old_leader_has_ended_when_another_can_begin(bool requestsHang)
    {
        await using var cluster = new ElectionCluster();
        await using var flinkOld = new FlinkStyleElector("old", cluster);
        flinkOld.Client.Inject(FaultRule.Delay(TimeSpan.FromMilliseconds(10), afterEffect: true));
        var old = await cluster.StartLeaderAsync("old");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(10.5));
        flinkOld.Client.Partition(requestsHang);
        old.Client.Partition(requestsHang);

        // Renewed 10 s after the start: 15 s later a standby that looks finds the lock free.
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(14.9));
        await using var flinkStandby = new FlinkStyleElector("standby", cluster);
        await cluster.UntilAsync(() => flinkStandby.BelievesToLead, TimeSpan.FromSeconds(0.1), "the standby of Flink's way leads");
        Assert.True(flinkOld.BelievesToLead);
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(requestsHang ? 9 : 4));
        Assert.True(flinkOld.BelievesToLead);

        // Ours are in the same cluster, which at its end also compares the instants of all terms.
        Assert.True(standby.Leads);
        Assert.True(old.Terms.First().Lost.IsCancellationRequested);
        Assert.Equal(LeadershipLossReason.RenewDeadlineExceeded, old.Terms.First().LossReason);
    }

    [Fact]
    public async Task Hazard_8_a_wall_clock_that_is_ahead_takes_no_lock_away()
    {
        await using var cluster = new ElectionCluster();
        await using var flinkLeader = new FlinkStyleElector("leader", cluster);
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        var ahead = new SkewedTimeProvider(cluster.Time, 1, TimeSpan.FromSeconds(20));
        await using var flinkAhead = new FlinkStyleElector("ahead", cluster, ahead);
        var standby = cluster.Start("ahead", clock: ahead);

        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.True(flinkLeader.BelievesToLead && flinkAhead.BelievesToLead);

        await cluster.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.True(leader.Leads);
        Assert.Empty(standby.Terms);
    }

    [Fact]
    public async Task Hazard_10_the_address_of_a_leader_that_is_gone_is_not_told_beside_its_successor()
    {
        await using var cluster = new ElectionCluster();
        await using var flinkOld = new FlinkStyleElector("old", cluster);
        await using var follower = new Follower(cluster);
        var old = await cluster.StartLeaderAsync("old", r => r.Address = "http://dead");
        await cluster.UntilAsync(() => flinkOld.BelievesToLead, TimeSpan.FromSeconds(1), "the old one of Flink's way leads");
        await flinkOld.PublishAsync("http://dead");
        await using var flinkNext = new FlinkStyleElector("next", cluster);
        var next = cluster.Start("next");
        await cluster.UntilAsync(() => follower.FlinkAddress == "http://dead" && follower.Address == "http://dead", TimeSpan.FromSeconds(1), "both addresses are told");

        flinkOld.Client.Partition();
        old.Crash();
        await cluster.UntilAsync(() => flinkNext.BelievesToLead && next.Leads, TimeSpan.FromSeconds(30), "the next ones lead, and have told no address yet");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("http://dead", follower.FlinkAddress);
        Assert.Null(follower.Address);
    }

    [Fact]
    public async Task Hazard_10_a_ConfigMap_that_is_gone_and_a_lock_that_was_given_up_tell_no_leader()
    {
        await using var cluster = new ElectionCluster();
        await using var flink = new FlinkStyleElector("leader", cluster);
        await using var follower = new Follower(cluster);
        var leader = await cluster.StartLeaderAsync("leader", r => r.Address = "http://dead");
        await cluster.UntilAsync(() => flink.BelievesToLead, TimeSpan.FromSeconds(1), "Flink's way leads");
        await flink.PublishAsync("http://dead");
        await cluster.UntilAsync(() => follower.FlinkAddress is not null && follower.Address is not null, TimeSpan.FromSeconds(1), "both addresses are told");

        flink.Client.Partition();
        leader.Crash();
        await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, FlinkStyleElector.Key, cancellationToken: Token);
        await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: Token);
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("http://dead", follower.FlinkAddress);
        Assert.Null(follower.Address);

        leader.Client.Heal();
        await cluster.UntilAsync(() => follower.Address == "http://dead", TimeSpan.FromSeconds(30), "it leads and is told again");
        await cluster.WhileAdvancingAsync(leader.StopAsync());
        await cluster.UntilAsync(() => follower.Address is null, TimeSpan.FromSeconds(1), "that it has given up is told");
    }

    [Fact]
    public async Task Hazard_11_an_address_that_was_not_written_is_not_called_published()
    {
        await using var cluster = new ElectionCluster();
        await using var flink = new FlinkStyleElector("leader", cluster);
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.UntilAsync(() => flink.BelievesToLead, TimeSpan.FromSeconds(1), "Flink's way leads");
        leader.Client.SilenceWatches();
        const string Other = """{"holderIdentity":"other","leaseDuration":"PT15S","renewTime":"2100-01-01T00:00:00Z"}""";
        await cluster.EditLockAsync(Other);
        await EditFlinkLockAsync(cluster, Other);

        await flink.PublishAsync("http://lost");
        Assert.True(leader.Leads, "Neither has heard of the other holder.");
        await Assert.ThrowsAsync<LeadershipLostException>(() => cluster.WhileAdvancingAsync(leader.Term!.PublishAddressAsync("http://lost", Token)));

        Assert.Equal("http://lost", flink.LoggedAsPublished);
        Assert.DoesNotContain("address", ((await cluster.Admin.GetAsync(KubeResources.ConfigMaps, FlinkStyleElector.Key, Token)).Data ?? new Dictionary<string, string>()).Keys);
        Assert.DoesNotContain("address", (await cluster.ReadAsync()).Data!.Keys);
    }

    [Fact]
    public async Task Hazard_12_watches_that_fail_while_others_subscribe_and_leave_break_nothing()
    {
        // Flink's way: who is told of a failure registers meanwhile, in the map that is being gone through.
        var handlers = new Dictionary<string, Action>();
        handlers["a"] = () => handlers["b"] = () => { };
        Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (var handler in handlers.Values)
            {
                handler();
            }
        });

        await using var cluster = new ElectionCluster();
        await using var follower = new Follower(cluster);
        await cluster.StartLeaderAsync("leader", r => r.Address = "http://leader");
        var coming = Enumerable.Range(0, 8).Select(i => Task.Run(
            async () =>
            {
                for (var round = 0; round < 50; round++)
                {
                    await using var subscription = follower.Watches.Subscribe(KubeResources.ConfigMaps, new ObjectKey(ElectionCluster.Namespace, $"other-{(i + round) % 5}"));
                    await Task.Yield();
                }
            },
            Token));
        var failing = Task.Run(
            () =>
            {
                for (var round = 0; round < 200; round++)
                {
                    follower.Client.CutWatches();
                }
            },
            Token);

        await cluster.WhileAdvancingAsync(Task.WhenAll([.. coming, failing]), TimeSpan.FromMinutes(5));
        await cluster.UntilAsync(() => follower.Address == "http://leader", TimeSpan.FromMinutes(1), "it still hears of the leader");
    }

    [Fact]
    public async Task Hazard_14_without_the_annotation_the_election_goes_on()
    {
        await using var cluster = new ElectionCluster();
        await using var flinkLeader = new FlinkStyleElector("leader", cluster);
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        await using var flinkStandby = new FlinkStyleElector("standby", cluster);
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        await EditFlinkLockAsync(cluster, null);
        await cluster.EditLockAsync(null);
        await cluster.AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.False(flinkLeader.BelievesToLead || flinkStandby.BelievesToLead);
        Assert.Equal((KubeFailure.AlreadyExists, KubeFailure.AlreadyExists), (flinkLeader.LastFailure, flinkStandby.LastFailure));
        Assert.Single(cluster.Replicas, r => r.Leads);

        // Also with nobody there to put it back.
        var (leads, other) = leader.Leads ? (leader, standby) : (standby, leader);
        leads.Crash();
        await cluster.EditLockAsync(null);
        await cluster.UntilAsync(() => other.Leads, TimeSpan.FromSeconds(32), "the other leads");
    }

    private static Task EditFlinkLockAsync(ElectionCluster cluster, string? annotation) => cluster.Admin.PatchAsync(
        KubeResources.ConfigMaps,
        FlinkStyleElector.Key,
        KubePatch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.LockAnnotation] = annotation } } }),
        Token);

    /// <summary>Follows our leader, and Flink's by its rule: an ADDED without an address and every DELETED are ignored.</summary>
    private sealed class Follower : IAsyncDisposable
    {
        private readonly HaMetrics _metrics = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly LeaderRetrievalService _retrieval;
        private readonly Task _flink;

        public Follower(ElectionCluster cluster)
        {
            Client = new FaultInjectingKubeClient(cluster.Server.CreateClient("follower"), cluster.Time);
            Watches = new SharedWatches(Client, cluster.Time, new RecordingLoggerFactory(), _metrics);
            _retrieval = new LeaderRetrievalService(LeaderComponent.Dispatcher, ElectionCluster.Namespace, ElectionCluster.ClusterId, Watches, cluster.Time, new RecordingLoggerFactory(), _metrics);
            _flink = Task.Run(() => FollowFlinkAsync(cluster.Admin));
        }

        public FaultInjectingKubeClient Client { get; }

        public SharedWatches Watches { get; }

        public string? Address => _retrieval.Current?.Address;

        public string? FlinkAddress { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _flink;
            await _retrieval.DisposeAsync();
            await Watches.DisposeAsync();
            _metrics.Dispose();
            _stop.Dispose();
        }

        private async Task FollowFlinkAsync(IKubeClient client)
        {
            try
            {
                var options = new WatchOptions { FieldSelector = $"metadata.name={FlinkStyleElector.Key.Name}", AllowBookmarks = false };
                await foreach (var change in client.WatchAsync(KubeResources.ConfigMaps, ElectionCluster.Namespace, options, _stop.Token))
                {
                    var address = change.Object.Data?.GetValueOrDefault("address");
                    if (change.Type == WatchEventType.Modified || (change.Type == WatchEventType.Added && address is not null))
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
