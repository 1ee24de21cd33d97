using System.Globalization;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>A component's lock as observed in one response or watch event: the two annotations are the truth, everything else is not.</summary>
internal sealed class LockState
{
    private readonly ConfigMap _configMap;

    private readonly Lazy<LeaderElectionRecord> _record;
    private readonly Lazy<TermRecord?> _term;

    private LockState(ConfigMap configMap)
    {
        // Parsed when asked for: the answer to a renewal, and its event, are recognized by their texts.
        _configMap = configMap;
        _record = new(() => LeaderElectionRecord.Parse(LockText), isThreadSafe: false);
        _term = new(() => TermRecord.TryParse(TermText), isThreadSafe: false);
    }

    public string ResourceVersion => _configMap.ResourceVersion ?? string.Empty;

    public string? Uid => _configMap.Uid;

    /// <summary>The stored text of the lock record.</summary>
    public string? LockText => _configMap.Annotation(HaNames.LockAnnotation);

    /// <summary>The stored text of the term.</summary>
    public string? TermText => _configMap.Annotation(HaNames.TermAnnotation);

    public LeaderElectionRecord Record => _record.Value;

    /// <summary>The last term, including one that has ended; <see langword="null"/> if there is none or it cannot be read.</summary>
    public TermRecord? Term => _term.Value;

    /// <summary>How long a renewal of the lock counts by the lock itself; <see langword="null"/> if it does not say.</summary>
    /// <remarks>A record of this library without an end is not renewed: there it is the lease of what it names.</remarks>
    public TimeSpan? LeaseDuration => Record.IsEndless && _configMap.Annotation(HaNames.ClusterIdAnnotation) is not null ? Term?.Lease?.Duration : Record.LeaseDuration;

    /// <summary>Whether anything says that there is or was a leader.</summary>
    public bool HasLock => LockText is not null || TermText is not null;

    public static LockState? Of(ConfigMap? configMap) => configMap is null ? null : new LockState(configMap);

    /// <summary>Whether this library has written to the ConfigMap for this cluster.</summary>
    public bool IsOwnedBy(string clusterId) => _configMap.Annotation(HaNames.ClusterIdAnnotation) == clusterId;

    /// <summary>Explains to whom the ConfigMap belongs, if not to this cluster.</summary>
    public string? ForeignOwner(string clusterId, bool wasOurs) => HaNames.ForeignOwner(_configMap.Labels, _configMap.Annotations, clusterId, wasOurs);

    /// <summary>Whether the labels and the owner are as the leader writes them.</summary>
    public bool IsLabeled(string clusterId) =>
        IsOwnedBy(clusterId)
        && HaNames.Labels(clusterId).All(label => _configMap.Labels.GetValueOrDefault(label.Key) == label.Value);

    /// <summary>Returns a fencing token that is larger than every earlier one.</summary>
    /// <remarks>
    /// Each term costs at least one revision of etcd, so a token never exceeds the revision of the write that stored it, and the
    /// revision observed now is larger than all of those, even if the ConfigMap was deleted in between. The stored token covers
    /// the case that revisions restarted, as in a restored cluster.
    /// </remarks>
    public long NextFencingToken(long lastSeen)
    {
        var revision = long.TryParse(ResourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
        return Math.Max(Math.Max(Term?.FencingToken ?? 0, lastSeen), revision) + 1;
    }
}
