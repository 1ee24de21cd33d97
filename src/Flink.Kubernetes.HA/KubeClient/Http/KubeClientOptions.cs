namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>How the HTTP client behaves.</summary>
public sealed class KubeClientOptions
{
    /// <summary>How long one request may take.</summary>
    /// <value>Default: 10 s.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a request that certainly did nothing is tried again.</summary>
    /// <value>Default: 4.</value>
    public int MaxRetries { get; set; } = 4;

    /// <summary>Checks the values and returns a copy that does not change.</summary>
    internal KubeClientOptions Snapshot() => MaxRetries is < 0 or > 100
        ? throw new ArgumentOutOfRangeException(nameof(MaxRetries), MaxRetries, $"{nameof(KubeClientOptions)}.{nameof(MaxRetries)} must be between 0 and 100.")
        : (KubeClientOptions)MemberwiseClone();
}
