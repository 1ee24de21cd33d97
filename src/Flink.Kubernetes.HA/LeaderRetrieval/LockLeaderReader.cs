using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Reads the leader from the annotations of a component's ConfigMap.</summary>
/// <remarks>
/// The holder of the lock is the leader if the stored term is its own, with or without an address. A term of another holder is a
/// remnant: the lock was released, or taken over by a client that writes no terms.
/// <para>A lock that cannot be read is treated as held, as in the election, but it does not say by whom. So it changes nothing
/// while the term is stored that was last known to hold it, and it makes nobody a leader who was not one before.</para>
/// </remarks>
internal sealed class LockLeaderReader(string clusterId, ObjectKey key, TimeSpan leaseDuration, ILogger logger) : ILeaderReader
{
    private string? _unreadable;

    public LeaderReading Read(ConfigMap? configMap, LeaderInformation? last)
    {
        if (configMap is null)
        {
            return LeaderReading.NoneIn(null);
        }

        if (HaNames.ForeignOwner(configMap.Labels, configMap.Annotations, clusterId) is { } owner)
        {
            return LeaderReading.NoneIn(configMap) with
            {
                Problem = $"ConfigMap {key} belongs to {owner} and not to the cluster '{clusterId}', which has a component with the same ConfigMap name. "
                    + "Rename one of the clusters or the component.",
            };
        }

        var term = TermRecord.TryParse(configMap.Annotation(HaNames.TermAnnotation));
        if (term is null || string.IsNullOrEmpty(term.HolderIdentity))
        {
            return LeaderReading.NoneIn(configMap);
        }

        var record = LeaderElectionRecord.Parse(configMap.Annotation(HaNames.LockAnnotation));
        if (!Holds(record, term, last))
        {
            return LeaderReading.NoneIn(configMap);
        }

        var leader = new LeaderInformation(term.SessionId, string.IsNullOrEmpty(term.Address) ? null : term.Address)
        {
            FencingToken = term.FencingToken,
            HolderIdentity = record.IsReadable ? record.HolderIdentity : last!.HolderIdentity,
            Since = record.IsReadable ? record.AcquireTime : last!.Since,
        };
        return new LeaderReading(
            leader,
            new Heartbeat(
                configMap.Uid,
                term.SessionId,
                term.FencingToken,
                record.IsReadable ? record.Annotation : null,
                term.Lease?.Duration ?? record.LeaseDuration ?? leaseDuration,
                term.Lease));
    }

    private bool Holds(LeaderElectionRecord record, TermRecord term, LeaderInformation? last)
    {
        if (record.IsReadable || !record.IsPresent)
        {
            _unreadable = null;
            return record.HolderIdentity == term.HolderIdentity;
        }

        if (record.Annotation != _unreadable)
        {
            _unreadable = record.Annotation;
            Log.LockUnreadable(logger, key, HaNames.LockAnnotation);
        }

        return last?.SessionId == term.SessionId;
    }
}

/// <summary>Reads the leader from a ConfigMap; does not throw, whatever is stored there.</summary>
internal interface ILeaderReader
{
    /// <param name="configMap">The ConfigMap, or <see langword="null"/> if it does not exist.</param>
    /// <param name="last">The leader in the previous state.</param>
    LeaderReading Read(ConfigMap? configMap, LeaderInformation? last);
}

/// <summary>The leader according to one state of a ConfigMap.</summary>
/// <param name="Leader">The leader, or <see langword="null"/> if there is none.</param>
/// <param name="Heartbeat">What the state says of its being alive.</param>
/// <param name="Problem">What is wrong with the ConfigMap, for listeners; usually <see langword="null"/>.</param>
internal readonly record struct LeaderReading(LeaderInformation? Leader, Heartbeat Heartbeat, string? Problem = null)
{
    public static LeaderReading NoneIn(ConfigMap? configMap) => new(null, new Heartbeat(configMap?.Uid, null, 0, null, TimeSpan.Zero));
}
