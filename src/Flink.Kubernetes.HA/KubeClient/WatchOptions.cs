namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>What one watch connection asks for.</summary>
public sealed record WatchOptions
{
    /// <summary>A label selector in Kubernetes' syntax.</summary>
    /// <value>Default: none, all objects.</value>
    public string? LabelSelector { get; init; }

    /// <summary>A field selector in Kubernetes' syntax; <c>metadata.name=x</c> is the cheapest for the server.</summary>
    /// <value>Default: none, all objects.</value>
    public string? FieldSelector { get; init; }

    /// <summary>The resource version after which events are wanted, as a list or an earlier event gave it.</summary>
    /// <value>Default: none, the server first sends what exists as ADDED events.</value>
    public string? ResourceVersion { get; init; }

    /// <summary>When the server is to end the watch; whole seconds are sent.</summary>
    /// <value>Default: none, the server chooses (30 to 60 minutes).</value>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Whether the server may send BOOKMARK events, which carry a resource version and nothing else.</summary>
    /// <value>Default: <see langword="true"/>. They are a hint: a server may send none.</value>
    public bool AllowBookmarks { get; init; } = true;
}
