namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>A <c>v1 ConfigMap</c>: at most 1 MiB of keys and values.</summary>
public sealed record ConfigMap : KubeObject
{
    /// <summary>The text entries.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <summary>The binary entries.</summary>
    public IReadOnlyDictionary<string, byte[]>? BinaryData { get; init; }

    /// <summary>Whether the server refuses changes to the data.</summary>
    public bool? Immutable { get; init; }
}
