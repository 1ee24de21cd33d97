using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Follows the leader of a component of a real Flink cluster, 1.15 or later; all its components share one watch.</summary>
internal sealed class FlinkLeaderRetrievalService : WatchedLeaderRetrieval<ConfigMap>
{
    public FlinkLeaderRetrievalService(
        LeaderComponent component, string namespaceName, string clusterId, SharedWatches watches, TimeProvider timeProvider, ILoggerFactory loggerFactory, HaMetrics metrics)
        : this(component, new ObjectKey(namespaceName, FlinkLeaderEntry.ConfigMap(clusterId)), watches, timeProvider, loggerFactory.CreateLogger<FlinkLeaderRetrievalService>(), metrics)
    {
    }

    private FlinkLeaderRetrievalService(LeaderComponent component, ObjectKey key, SharedWatches watches, TimeProvider timeProvider, ILogger logger, HaMetrics metrics)
        : base(component, watches.Subscribe(KubeResources.ConfigMaps, key), new FlinkLeaderReader(component, key, logger), timeProvider, logger, metrics)
    {
    }
}
