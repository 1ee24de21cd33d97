using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The lock as it was won.</summary>
/// <param name="Term">The new term.</param>
/// <param name="Record">The lock record as it was written.</param>
/// <param name="AcquireTime">The wall-clock time that it tells, for people.</param>
/// <param name="Uid">The very ConfigMap that it was won in: in one created anew under the name the term has no part.</param>
/// <param name="SentAt">When the winning write was sent: the lease counts from here.</param>
internal sealed record WonLock(TermRecord Term, LeaderElectionRecord Record, DateTimeOffset AcquireTime, string? Uid, long SentAt);
