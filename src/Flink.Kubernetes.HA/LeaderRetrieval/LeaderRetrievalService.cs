using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Follows the leader of a component of ours: by the metadata of its ConfigMap, so that pointers don't travel with heartbeats.</summary>
internal sealed class LeaderRetrievalService : WatchedLeaderRetrieval<PartialObjectMetadata>
{
    public LeaderRetrievalService(
        LeaderComponent component, string namespaceName, string clusterId, SharedWatches watches, TimeProvider timeProvider, ILoggerFactory loggerFactory, HaMetrics metrics)
        : this(component, clusterId, HaNames.LeaderConfigMap(namespaceName, clusterId, component), watches, timeProvider, loggerFactory.CreateLogger<LeaderRetrievalService>(), metrics)
    {
    }

    private LeaderRetrievalService(LeaderComponent component, string clusterId, ObjectKey key, SharedWatches watches, TimeProvider timeProvider, ILogger logger, HaMetrics metrics)
        : base(component, watches.Subscribe(KubeResources.ConfigMaps.MetadataOnly, key), new LockLeaderReader(clusterId, key, logger), timeProvider, logger, metrics)
    {
    }
}
