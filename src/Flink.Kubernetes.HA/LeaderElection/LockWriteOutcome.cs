namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>What became of a write.</summary>
internal enum LockWriteOutcome
{
    /// <summary>It took effect.</summary>
    Written,

    /// <summary>It did not: the lock is not as the write expected it.</summary>
    Refused,

    /// <summary>It did not, for a reason that has nothing to do with the lock's state, such as a missing permission.</summary>
    Failed,

    /// <summary>It may have taken effect, or may still.</summary>
    Unknown,
}
