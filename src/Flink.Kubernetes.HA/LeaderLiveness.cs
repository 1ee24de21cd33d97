namespace Flink.Kubernetes.HA;

/// <summary>What a follower knows of a leader's being alive.</summary>
/// <remarks>A follower counts the lease as a contender does: from when it has observed the last change, on its own monotonic clock.</remarks>
public enum LeaderLiveness
{
    /// <summary>Not yet seen to renew its lock: the follower has just begun, or the record may have been restored from a backup.</summary>
    Unconfirmed,

    /// <summary>Seen to renew its lock within the lease.</summary>
    Alive,

    /// <summary>Silent for its lease, although the API server was reachable. It is no longer the leader by its own clock, or it is not
    /// heard; another one can take over.</summary>
    Suspected,
}
