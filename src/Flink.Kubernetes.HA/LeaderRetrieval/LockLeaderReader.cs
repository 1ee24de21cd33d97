using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Reads the leader from the annotations of a component's ConfigMap.</summary>
/// <remarks>
/// The holder of the lock leads if the term is its own and tells an address. A term of anyone else is what was left behind:
/// the lock was released, or taken over by a client that writes no terms. A leader that crashed is told until another takes
/// over: a follower does not judge leases.
/// <para>A lock that can't be read counts as held, as in the election; it does not say by whom. So it changes nothing while
/// the term stands that was last known to hold it, and it makes nobody a leader who was not one.</para>
/// </remarks>
internal sealed class LockLeaderReader(string clusterId, ObjectKey key, ILogger logger) : ILeaderReader<PartialObjectMetadata>
{
    private string? _unreadable;

    public LeaderReading Read(PartialObjectMetadata? item, LeaderInformation? last)
    {
        if (item is null)
        {
            return LeaderReading.None;
        }

        if (item.Metadata.Labels?.GetValueOrDefault(HaNames.AppLabel) is { } owner && owner != clusterId)
        {
            return new LeaderReading(
                null,
                $"ConfigMap {key} belongs to the cluster '{owner}' (label '{HaNames.AppLabel}') and not to '{clusterId}': both give the same name together with a component's. Rename one of the clusters or the component.");
        }

        var annotations = item.Metadata.Annotations;
        var term = TermRecord.TryParse(annotations?.GetValueOrDefault(HaNames.TermAnnotation));
        if (term is null || string.IsNullOrEmpty(term.Address) || string.IsNullOrEmpty(term.HolderIdentity))
        {
            return LeaderReading.None;
        }

        var record = LeaderElectionRecord.Parse(annotations?.GetValueOrDefault(HaNames.LockAnnotation));
        return Holds(record, term, last)
            ? new LeaderReading(new LeaderInformation(term.SessionId, term.Address) { FencingToken = term.FencingToken })
            : LeaderReading.None;
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
