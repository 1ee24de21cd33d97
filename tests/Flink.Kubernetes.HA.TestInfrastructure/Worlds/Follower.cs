using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderRetrieval;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.TestInfrastructure.Worlds;

/// <summary>A process that follows leaders and never contends.</summary>
internal sealed class Follower : IAsyncDisposable
{
    private readonly HaMetrics _metrics = new();
    private readonly List<LeaderRetrievalService> _retrievals = [];
    private readonly HaWorld _world;
    private readonly k8s.Kubernetes _client;

    public Follower(HaWorld world)
    {
        _world = world;
        Network = new FaultInjectingHandler(world.Time);
        _client = world.Server.CreateClient("follower", Network);
        Watches = new SharedWatches(
            new ConfigMapRequests(_client, TimeSpan.FromSeconds(10), maxRetries: 0, world.Time, Logs, _metrics),
            world.Time, Logs, _metrics, world.Watches, HaNames.LabelSelector(HaWorld.ClusterId));
    }

    public FaultInjectingHandler Network { get; }

    public SharedWatches Watches { get; }

    public RecordingLoggerFactory Logs { get; } = new();

    /// <summary>Follows one of our leaders, the Dispatcher's or another.</summary>
    public LeaderRetrievalService Follow(LeaderComponent? component = null)
    {
        var followed = component ?? LeaderComponent.Dispatcher;
        var key = HaWorld.KeyOf(followed);
        return Follow(followed, () => Watches.Subscribe(key), () => new LockLeaderReader(HaWorld.ClusterId, key, TimeSpan.FromSeconds(15), Logs));
    }

    /// <summary>Follows the leader of a Flink cluster.</summary>
    public LeaderRetrievalService FollowFlink(LeaderComponent component, FlinkHaLayout layout = FlinkHaLayout.ClusterConfigMap)
    {
        var key = layout == FlinkHaLayout.ClusterConfigMap
            ? new ObjectKey(HaWorld.Namespace, FlinkLeaderEntry.ConfigMap(HaWorld.ClusterId))
            : HaWorld.KeyOf(component);
        return Follow(component, () => Watches.Subscribe(key, isMetadataOnly: false), () => new FlinkLeaderReader(component, layout, TimeSpan.FromSeconds(15)));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var retrieval in _retrievals)
        {
            await retrieval.DisposeAsync();
        }

        await Watches.DisposeAsync();
        _client.Dispose();
        _metrics.Dispose();
    }

    private LeaderRetrievalService Follow(LeaderComponent component, Func<WatchSubscription> subscribe, Func<ILeaderReader> createReader)
    {
        var retrieval = new LeaderRetrievalService(component, subscribe, SubscribeToLease, createReader, _world.Time, Logs, _metrics);
        _retrievals.Add(retrieval);

        // A watch is open while somebody reads.
        retrieval.AddListener(new Silent());
        return retrieval;
    }

    private WatchSubscription SubscribeToLease(LeaseReference lease) =>
        Watches.Subscribe(new ObjectKey(HaWorld.Namespace, lease.Name), isMetadataOnly: false, WatchedResource.Leases);

    private sealed class Silent : ILeaderRetrievalListener
    {
        public ValueTask OnLeaderChangedAsync(LeaderInformation? leader, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask OnErrorAsync(Exception exception, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
