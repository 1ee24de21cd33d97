namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>What one try to create or take the lock came to.</summary>
/// <param name="Outcome">What became of the write.</param>
/// <param name="State">What was created.</param>
/// <param name="Won">The lock, won; or, with an unknown outcome, as it stands if it was won.</param>
/// <param name="Error">Why it was not written, or is not known to be.</param>
internal readonly record struct LockAttempt(LockWriteOutcome Outcome, LockState? State = null, WonLock? Won = null, Exception? Error = null);
