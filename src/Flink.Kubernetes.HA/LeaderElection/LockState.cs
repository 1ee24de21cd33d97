using System.Globalization;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>A component's ConfigMap as one answer or event showed it.</summary>
internal sealed class LockState
{
    private LockState(PartialObjectMetadata configMap)
    {
        var annotations = configMap.Metadata.Annotations;
        ResourceVersion = configMap.Metadata.ResourceVersion ?? string.Empty;
        Uid = configMap.Metadata.Uid;
        Record = LeaderElectionRecord.Parse(annotations?.GetValueOrDefault(HaNames.LockAnnotation));
        Term = TermRecord.TryParse(annotations?.GetValueOrDefault(HaNames.TermAnnotation));
        OwningCluster = configMap.Metadata.Labels?.GetValueOrDefault(HaNames.AppLabel);
    }

    public string ResourceVersion { get; }

    public string? Uid { get; }

    public LeaderElectionRecord Record { get; }

    /// <summary>The last term, also one that has ended; <see langword="null"/> when there was none or it can't be read.</summary>
    public TermRecord? Term { get; }

    /// <summary>The cluster-id that the ConfigMap is labelled with.</summary>
    public string? OwningCluster { get; }

    /// <summary>Whether nobody holds the lock, so that it can be taken at once.</summary>
    /// <remarks>
    /// A lock record that was removed from beside a term is not free: the leader may live, and puts it back. A client that
    /// follows client-go takes it at once; the leader's watch tells.
    /// </remarks>
    public bool IsFree => Record.IsPresent ? Record.IsReleased : Term is null;

    /// <summary>A fencing token that is larger than every one before.</summary>
    /// <remarks>
    /// Each term costs at least one revision of the store, so a token never exceeds the revision of the write that set it,
    /// and the revision seen now exceeds those: that holds over deletion of the ConfigMap. The stored token carries over
    /// where revisions began anew, as in a restored cluster.
    /// </remarks>
    public long NextFencingToken(long lastSeen)
    {
        var revision = long.TryParse(ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
        return Math.Max(Math.Max(Term?.FencingToken ?? 0, lastSeen), revision) + 1;
    }

    public static LockState? Of(PartialObjectMetadata? configMap) => configMap is null ? null : new LockState(configMap);
}
