namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Specifies why a term of leadership has ended.</summary>
public enum LeadershipLossReason
{
    /// <summary>No renewal succeeded within <see cref="LeaderElectionOptions.RenewDeadline"/>.</summary>
    RenewDeadlineExceeded,

    /// <summary>Another holder is stored in the lock.</summary>
    TakenOver,

    /// <summary>The ConfigMap was deleted by someone else.</summary>
    Deleted,

    /// <summary>Someone else cleared the holder of the lock.</summary>
    ReleasedExternally,

    /// <summary>The term was disposed. Its lock is released, or expires by itself if it cannot be released.</summary>
    Released,

    /// <summary>The services were disposed while the owner of the term had not disposed it. Its lock is not released, because its work may
    /// still be running; it expires by itself.</summary>
    Abandoned,

    /// <summary>The Lease of this process was ended by a contender or deleted (<see cref="HeartbeatMode.ProcessLease"/>): all terms of the
    /// process end with it.</summary>
    ProcessLeaseLost,
}
