namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The holder of a lock as this process has last observed it.</summary>
/// <param name="Identity">The identity in the lock record.</param>
/// <param name="Since">When the holder acquired the lock, by the holder's own clock; <see langword="null"/> if the record does not say.</param>
/// <param name="IsThisProcess">Whether it is this process.</param>
public sealed record LockHolder(string Identity, DateTimeOffset? Since, bool IsThisProcess);
