namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>A failure of an election: what kept this process from contending or from renewing its lock.</summary>
/// <param name="Exception">What was thrown, usually a <see cref="KubernetesHaException"/>.</param>
/// <param name="Time">When, by the wall clock.</param>
public sealed record ElectionFailure(Exception Exception, DateTimeOffset Time);
