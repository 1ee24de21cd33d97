namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>What a health check asks of an election.</summary>
internal interface ILeaderElectionHealth
{
    /// <summary>The time since the last successful renewal was sent, or <see langword="null"/> while this process does not believe that it leads.</summary>
    TimeSpan? SinceLastRenewal { get; }

    /// <summary>Why the watch is impaired at the moment, or <see langword="null"/> when it is healthy or not in use.</summary>
    Exception? WatchFailure { get; }
}
