namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>The times of a self-healing watch.</summary>
internal sealed record WatchSettings
{
    public static WatchSettings Default { get; } = new();

    /// <summary>The server is asked to end each connection after a random time from this one on, so that a process's watches do not come back together.</summary>
    public TimeSpan MinimumConnectionTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The server is asked to end each connection at the latest after this time.</summary>
    public TimeSpan MaximumConnectionTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after the time that the server was asked to end a connection at it counts as dead.</summary>
    public TimeSpan SilenceSlack { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>When nothing has arrived for so long, neither event nor bookmark, the next connection begins with a list.</summary>
    /// <remarks>A server that was restored from a backup is behind our version, and watches a version of its future in silence.</remarks>
    public TimeSpan RelistAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a list may take, the client's own retries included.</summary>
    public TimeSpan ListTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A connection that was opened after a failure counts as healthy when it has stood for so long, though nothing has arrived.</summary>
    public TimeSpan SettledAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The delay after the first failure; it doubles with each one that follows, and a half of it is random.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest delay between two tries.</summary>
    public TimeSpan MaximumRetryDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A server that asks to wait is obeyed up to this time.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(1);

    public TimeSpan NextConnectionTime()
    {
        var spread = (MaximumConnectionTime - MinimumConnectionTime) * Random.Shared.NextDouble();
        return TimeSpan.FromSeconds(Math.Ceiling((MinimumConnectionTime + spread).TotalSeconds));
    }

    /// <summary>The delay before the next try after <paramref name="failures"/> failures in a row.</summary>
    public TimeSpan RetryDelay(int failures)
    {
        // 2^20 × 200 ms is days already: the bound keeps the power finite.
        var full = FirstRetryDelay * Math.Pow(2, Math.Clamp(failures - 1, 0, 20));
        return (full < MaximumRetryDelay ? full : MaximumRetryDelay) * (0.5 + (0.5 * Random.Shared.NextDouble()));
    }
}
