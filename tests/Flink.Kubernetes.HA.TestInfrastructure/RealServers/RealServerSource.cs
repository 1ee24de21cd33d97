namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>Where the real API server of a test run comes from.</summary>
public enum RealServerSource
{
    /// <summary>The cluster of the kubeconfig that kubectl would use.</summary>
    Existing,

    /// <summary>kube-apiserver and etcd of the folder that <c>KUBEBUILDER_ASSETS</c> names.</summary>
    Assets,

    /// <summary>K3s in a container, by Testcontainers.</summary>
    K3s,

    /// <summary>kube-apiserver and etcd of the project's cache, which is filled from Debian's packages.</summary>
    Cache,
}
