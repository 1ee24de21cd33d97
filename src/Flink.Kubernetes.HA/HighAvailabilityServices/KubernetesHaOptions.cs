using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA;

/// <summary>Which cluster this process belongs to, how it reaches Kubernetes and how it contends.</summary>
/// <remarks>
/// <para>Everything is checked when the services are created, and by the host when it starts; all that is wrong is told at once.</para>
/// <para>In configuration a time is written as <c>00:00:15</c>: a plain <c>15</c> would be 15 days.</para>
/// </remarks>
public sealed class KubernetesHaOptions
{
    /// <summary>Names the cluster: processes with the same cluster id, in the same namespace, elect one leader per component.</summary>
    /// <value>Required. 2 to 45 lower-case letters, digits and <c>-</c>, beginning with a letter and ending with a letter or digit.</value>
    public string ClusterId { get; set; } = string.Empty;

    /// <summary>The Kubernetes namespace that holds the ConfigMaps.</summary>
    /// <value>Default: <see langword="null"/>, the namespace of the connection: that of the kubeconfig's context, or of the pod.
    /// Required when you bring an <see cref="Flink.Kubernetes.HA.KubeClient.IKubeClient"/> of your own.</value>
    public string? Namespace { get; set; }

    /// <summary>Names this process to people who look at a lock.</summary>
    /// <value>Default: <see langword="null"/>, the host's name, which in a pod is the pod's name. At most 253 printable characters.</value>
    /// <remarks>
    /// A lock holds <c>&lt;identity&gt;_&lt;32 random hex digits&gt;</c>, new each time the services are created. So two processes are never
    /// the same holder, also when they were given the same identity, and a restarted process does not take itself for the one
    /// that crashed: it waits for the lease like any other.
    /// </remarks>
    public string? Identity { get; set; }

    /// <summary>The kubeconfig file to connect with.</summary>
    /// <value>Default: <see langword="null"/>, as kubectl finds it: <c>KUBECONFIG</c>, <c>~/.kube/config</c>, then the pod's service account.</value>
    public string? KubeConfigPath { get; set; }

    /// <summary>The context of the kubeconfig to connect with.</summary>
    /// <value>Default: <see langword="null"/>, its current context.</value>
    public string? Context { get; set; }

    /// <summary>The times of leader election.</summary>
    /// <value>Default: lease 15 s, renew deadline 10 s, retry period 2 s.</value>
    public LeaderElectionOptions LeaderElection { get; set; } = new();

    /// <summary>How requests to the API server are sent; not used with an <see cref="Flink.Kubernetes.HA.KubeClient.IKubeClient"/> of your own.</summary>
    public KubeClientOptions KubeClient { get; set; } = new();
}
