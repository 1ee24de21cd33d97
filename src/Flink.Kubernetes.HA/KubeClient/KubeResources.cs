using Flink.Kubernetes.HA.KubeClient.Model;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The kinds of objects that the seam knows.</summary>
public static class KubeResources
{
    /// <summary><c>v1 ConfigMap</c>.</summary>
    public static KubeResource<ConfigMap> ConfigMaps { get; } = new(string.Empty, "v1", "configmaps", "ConfigMap", KubeJsonContext.Default.ConfigMap);

    /// <summary><c>coordination.k8s.io/v1 Lease</c>.</summary>
    public static KubeResource<Lease> Leases { get; } = new("coordination.k8s.io", "v1", "leases", "Lease", KubeJsonContext.Default.Lease);

    /// <summary><c>v1 Pod</c>: metadata and status; the rest survives a round trip as <see cref="KubeObject.OtherFields"/>.</summary>
    public static KubeResource<Pod> Pods { get; } = new(string.Empty, "v1", "pods", "Pod", KubeJsonContext.Default.Pod);
}
