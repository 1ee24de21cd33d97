namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>What a health check asks of a retrieval.</summary>
internal interface ILeaderRetrievalHealth
{
    /// <summary>Why the watch is impaired at the moment, or <see langword="null"/> when it is healthy or not in use.</summary>
    Exception? WatchFailure { get; }
}
