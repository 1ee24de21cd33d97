namespace Flink.Kubernetes.HA.ConfigMaps.Watching;

/// <summary>The timing of self-healing watches, and when one by label serves many.</summary>
internal sealed record WatchSettings
{
    public static WatchSettings Default { get; } = new();

    /// <summary>The minimum of the random time after which the server is asked to end a connection; random, so that the watches of a
    /// process do not reconnect together.</summary>
    public TimeSpan MinimumConnectionTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The maximum of the random time after which the server is asked to end a connection.</summary>
    public TimeSpan MaximumConnectionTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The time after the requested end of a connection at which it is treated as dead.</summary>
    public TimeSpan SilenceSlack { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time without an event or bookmark after which the next connection begins with a list.</summary>
    /// <remarks>A server that was restored from a backup is behind our version, and sends nothing for a watch from a version in its future.</remarks>
    public TimeSpan RelistAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The time limit of a list.</summary>
    public TimeSpan ListTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The time after which an open connection is treated as healthy although nothing has arrived.</summary>
    public TimeSpan SettledAfter { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The delay after the first failure; it doubles with each further one, and half of it is random.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest delay between two attempts.</summary>
    public TimeSpan MaximumRetryDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest delay requested by the server that is respected.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The time after which a failure that lasts is logged again.</summary>
    public TimeSpan RepeatReportAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The number of ConfigMaps of a cluster that are watched by name; when more are wanted, one watch by label serves them.</summary>
    /// <remarks>A Role can be restricted to names, and then permits watches by name only.</remarks>
    public int MostByName { get; init; } = 16;

    /// <summary>The number of objects in a page of a list by label.</summary>
    public int PageSize { get; init; } = 500;

    public TimeSpan NextConnectionTime()
    {
        var spread = (MaximumConnectionTime - MinimumConnectionTime) * Random.Shared.NextDouble();
        return TimeSpan.FromSeconds(Math.Ceiling((MinimumConnectionTime + spread).TotalSeconds));
    }

    /// <summary>Returns the delay before the next attempt after <paramref name="failures"/> failures in a row.</summary>
    public TimeSpan RetryDelay(int failures)
    {
        // 2^20 × 200 ms is more than two days: the bound keeps the power finite.
        var full = FirstRetryDelay * Math.Pow(2, Math.Clamp(failures - 1, 0, 20));
        return (full < MaximumRetryDelay ? full : MaximumRetryDelay) * (0.5 + (0.5 * Random.Shared.NextDouble()));
    }
}
