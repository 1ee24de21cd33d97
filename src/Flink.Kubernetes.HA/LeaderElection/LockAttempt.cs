namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>What one try to create or take the lock came to.</summary>
internal readonly record struct LockAttempt(LockWriteOutcome Outcome, LockState? State = null, WonLock? Won = null, Exception? Error = null);
