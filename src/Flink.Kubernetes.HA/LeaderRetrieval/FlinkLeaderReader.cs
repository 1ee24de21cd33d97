using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Reads a component's leader from the cluster ConfigMap of Flink 1.15 and later.</summary>
/// <remarks>As Flink's own retrieval it does not look at the lock: a leader that ends takes its entry away, one that crashed leaves it until the next.</remarks>
internal sealed class FlinkLeaderReader(LeaderComponent component, ObjectKey key, ILogger logger) : ILeaderReader<ConfigMap>
{
    private readonly string _entryKey = FlinkLeaderEntry.Key(component);

    public LeaderReading Read(ConfigMap? item, LeaderInformation? last)
    {
        var entry = item?.Data?.GetValueOrDefault(_entryKey);
        var leader = FlinkLeaderEntry.TryParse(entry);
        if (leader is null && entry is not null)
        {
            Log.FlinkLeaderUnreadable(logger, _entryKey, key);
        }

        return new LeaderReading(leader);
    }
}
