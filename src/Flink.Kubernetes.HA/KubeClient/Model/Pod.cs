namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>A <c>v1 Pod</c>, of which this library knows metadata and status.</summary>
public sealed record Pod : KubeObject
{
    /// <summary>What the kubelet reports.</summary>
    public PodStatus? Status { get; init; }
}
