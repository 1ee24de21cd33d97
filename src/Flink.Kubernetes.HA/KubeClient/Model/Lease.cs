namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>A <c>coordination.k8s.io/v1 Lease</c>.</summary>
public sealed record Lease : KubeObject
{
    /// <summary>Who holds it and since when.</summary>
    public LeaseSpec? Spec { get; init; }
}
