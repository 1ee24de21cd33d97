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
}
