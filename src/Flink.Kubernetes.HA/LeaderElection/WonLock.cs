using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The lock as it was won.</summary>
/// <param name="Term">The new term.</param>
/// <param name="Record">The lock record as it was written.</param>
/// <param name="AcquireTime">The wall-clock time that it tells, for people.</param>
/// <param name="SentAt">When the winning write was sent: the lease counts from here.</param>
internal sealed record WonLock(TermRecord Term, LeaderElectionRecord Record, DateTimeOffset AcquireTime, long SentAt);
