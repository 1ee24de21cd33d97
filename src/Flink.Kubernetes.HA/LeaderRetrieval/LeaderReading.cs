namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>What one state of a ConfigMap says about the leader.</summary>
/// <param name="Leader">The leader, or <see langword="null"/> when there is none.</param>
/// <param name="Problem">What is wrong with the ConfigMap, for listeners to hear; usually nothing.</param>
internal readonly record struct LeaderReading(LeaderInformation? Leader, string? Problem = null)
{
    public static LeaderReading None { get; }
}
