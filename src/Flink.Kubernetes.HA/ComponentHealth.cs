namespace Flink.Kubernetes.HA;

/// <summary>The health of one election or retrieval.</summary>
/// <param name="Component">The component.</param>
/// <param name="SinceLastRenewal">The age of the last renewal, or <see langword="null"/> if this process is not the leader by its own
/// knowledge.</param>
/// <param name="Failure">What lasts, or <see langword="null"/> if all is well.</param>
internal sealed record ComponentHealth(LeaderComponent Component, TimeSpan? SinceLastRenewal, LastingFailure? Failure);

/// <summary>A failure that lasts.</summary>
/// <param name="Exception">What was thrown last.</param>
/// <param name="Duration">For how long requests have failed.</param>
internal sealed record LastingFailure(Exception Exception, TimeSpan Duration);

/// <summary>The health of the services, for the health check.</summary>
internal interface IHighAvailabilityHealth
{
    /// <summary>The state of every election and retrieval that was handed out; empty after disposal.</summary>
    IReadOnlyList<ComponentHealth> GetHealth();
}

/// <summary>The health of an election, for the health check.</summary>
internal interface ILeaderElectionHealth
{
    /// <summary>The time since the last successful renewal was sent, or <see langword="null"/> if this process is not the leader by its
    /// own knowledge.</summary>
    TimeSpan? SinceLastRenewal { get; }

    /// <summary>What keeps the process from contending, from renewing or from watching; <see langword="null"/> if nothing does.</summary>
    LastingFailure? Failure { get; }
}

/// <summary>The health of a retrieval, for the health check.</summary>
internal interface ILeaderRetrievalHealth
{
    /// <summary>Why the watch is currently impaired, or <see langword="null"/> if it is healthy or not in use.</summary>
    LastingFailure? Failure { get; }
}
