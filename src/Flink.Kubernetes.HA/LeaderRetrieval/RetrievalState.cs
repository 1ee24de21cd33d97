namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>All that a retrieval knows at one moment.</summary>
/// <param name="IsKnown">Whether the ConfigMap, or its absence, was seen yet.</param>
/// <param name="Leader">The leader, or <see langword="null"/> when there is none.</param>
/// <param name="WatchFailure">Why the watch is impaired at the moment.</param>
/// <param name="Problem">What is wrong with the ConfigMap.</param>
internal sealed record RetrievalState(bool IsKnown, LeaderInformation? Leader, Exception? WatchFailure, Exception? Problem)
{
    public static RetrievalState Initial { get; } = new(false, null, null, null);
}
