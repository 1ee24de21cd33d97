using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Reads a component's leader as Apache Flink stores it.</summary>
/// <remarks>Like Flink's own retrieval it does not compare the leader with the holder of the lock: a leader that ends removes its entry; the
/// entry of a crashed one remains until the next leader, and is suspected when the lock is not renewed.</remarks>
internal sealed class FlinkLeaderReader(LeaderComponent component, FlinkHaLayout layout, TimeSpan leaseDuration) : ILeaderReader
{
    public LeaderReading Read(ConfigMap? configMap, LeaderInformation? last)
    {
        if (configMap is null)
        {
            return LeaderReading.NoneIn(null);
        }

        var (entry, problem) = layout == FlinkHaLayout.ConfigMapPerComponent
            ? FlinkLeaderEntry.OfComponent(configMap.Data)
            : FlinkLeaderEntry.OfCluster(configMap.Data, component);
        if (entry is not { } leader)
        {
            return LeaderReading.NoneIn(configMap) with { Problem = problem is null ? null : $"ConfigMap {configMap.Key} {problem}" };
        }

        var record = LeaderElectionRecord.Parse(configMap.Annotation(HaNames.LockAnnotation));
        return new LeaderReading(
            new LeaderInformation(leader.SessionId, leader.Address) { HolderIdentity = record.HolderIdentity, Since = record.AcquireTime },
            new Heartbeat(configMap.Uid, leader.SessionId, 0, record.Annotation, record.LeaseDuration ?? leaseDuration));
    }
}
