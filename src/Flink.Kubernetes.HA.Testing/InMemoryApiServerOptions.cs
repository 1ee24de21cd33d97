namespace Flink.Kubernetes.HA.Testing;

/// <summary>How an <see cref="InMemoryApiServer"/> behaves.</summary>
public sealed record InMemoryApiServerOptions
{
    /// <summary>How often a watch that allows it is sent a bookmark.</summary>
    /// <value>Default: 1 minute, as the real server.</value>
    public TimeSpan BookmarkInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>When the server ends a watch that names no time-out.</summary>
    /// <value>Default: 30 minutes, the least that the real server takes.</value>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How many changes are remembered for watches and lists that go on from an older resource version.</summary>
    /// <value>Default: 10,000. Older ones are compacted, as by <see cref="InMemoryApiServer.CompactHistory"/>.</value>
    public int HistoryLimit { get; init; } = 10_000;
}
