namespace Flink.Kubernetes.HA;

/// <summary>How one election or retrieval is doing.</summary>
/// <param name="Component">Whose leadership it is about.</param>
/// <param name="SinceLastRenewal">The age of the last renewal, or <see langword="null"/> when this process does not believe that it leads.</param>
/// <param name="WatchFailure">Why the watch is impaired, or <see langword="null"/>.</param>
internal sealed record ComponentHealth(LeaderComponent Component, TimeSpan? SinceLastRenewal, Exception? WatchFailure);
