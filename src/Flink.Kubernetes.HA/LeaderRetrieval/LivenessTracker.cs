using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Judges whether the leader of one component is alive, by the changes of its lock record.</summary>
internal sealed class LivenessTracker(TimeProvider timeProvider)
{
    private string? _knownUid;
    private Heartbeat? _last;
    private bool _hasLeader;
    private long _since;

    public LeaderLiveness Liveness { get; private set; }

    /// <summary>How long until the leader has been silent for its lease; <see langword="null"/> if there is nobody to wait for.</summary>
    public TimeSpan? UntilSilent =>
        _hasLeader && Liveness != LeaderLiveness.Suspected ? _last!.Lease - timeProvider.GetElapsedTime(_since) : null;

    /// <summary>Takes note of a state.</summary>
    /// <param name="heartbeat">What the state says of the leader.</param>
    /// <param name="timestamp">When it was observed.</param>
    public void Observe(Heartbeat heartbeat, long timestamp)
    {
        var isKnown = heartbeat.Uid is not null && heartbeat.Uid == _knownUid;
        _knownUid = heartbeat.Uid;
        _hasLeader = heartbeat.SessionId is not null;
        if (!_hasLeader)
        {
            return;
        }

        var last = _last;
        var isSameTerm = last is not null && last.Uid == heartbeat.Uid && last.SessionId == heartbeat.SessionId;
        if (isSameTerm && (heartbeat.Record is null || heartbeat.Record == last!.Record))
        {
            // Something else has changed; or the record cannot be read, which is no sign of life.
            return;
        }

        // The first that is seen in this object, or an older term than before, may be a copy from a backup. Otherwise somebody writes: a new
        // term, or the same one has renewed its lock.
        Liveness = isKnown && !(last?.Uid == heartbeat.Uid && heartbeat.FencingToken < last!.FencingToken) ? LeaderLiveness.Alive : LeaderLiveness.Unconfirmed;
        (_last, _since) = (heartbeat, timestamp);
    }

    /// <summary>Takes note of the first that is seen of the Lease by which the leader lives: no change, and so no sign of life by itself.</summary>
    public void Begin(Heartbeat heartbeat, long timestamp) => (_last, _since) = (heartbeat, timestamp);

    /// <summary>Records that the state was read again, and that the leader has been silent for its lease.</summary>
    public void Suspect() => Liveness = LeaderLiveness.Suspected;
}

/// <summary>What one state of a ConfigMap says of its leader's being alive.</summary>
/// <param name="Uid">The object.</param>
/// <param name="SessionId">The term; <see langword="null"/> if there is no leader.</param>
/// <param name="FencingToken">Its token.</param>
/// <param name="Record">The text of the lock record, which each renewal changes; <see langword="null"/> if it cannot be read.</param>
/// <param name="Lease">The lease in it.</param>
/// <param name="HolderLease">The Lease by which the leader lives, if it does not renew the lock itself.</param>
internal sealed record Heartbeat(string? Uid, Guid? SessionId, long FencingToken, string? Record, TimeSpan Lease, LeaseReference? HolderLease = null);
