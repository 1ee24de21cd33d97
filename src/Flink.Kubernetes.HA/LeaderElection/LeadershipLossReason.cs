namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Why a term of leadership was lost.</summary>
public enum LeadershipLossReason
{
    /// <summary>No renewal succeeded within <see cref="LeaderElectionOptions.RenewDeadline"/>.</summary>
    RenewDeadlineExceeded,

    /// <summary>The lock names another holder.</summary>
    TakenOver,

    /// <summary>The ConfigMap was deleted by someone else.</summary>
    Deleted,

    /// <summary>Someone else has cleared the holder of the lock.</summary>
    ReleasedExternally,

    /// <summary>The term was given up: it was disposed.</summary>
    GivenUp,
}
