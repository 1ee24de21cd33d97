using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA;

/// <summary>The options of high availability: the cluster, the connection to Kubernetes, and the timing of elections.</summary>
/// <remarks>
/// <para>The options are validated when the services are created and when the host starts; all validation errors are reported together.</para>
/// <para>In configuration, write a time as <c>00:00:15</c>: a plain <c>15</c> would be 15 days.</para>
/// </remarks>
public sealed class KubernetesHaOptions
{
    /// <summary>The ID of the cluster: processes with the same cluster ID in the same namespace elect one leader per component.</summary>
    /// <value>Required. 2 to 45 lower-case letters, digits and <c>-</c>, beginning with a letter and ending with a letter or digit.</value>
    public string ClusterId { get; set; } = string.Empty;

    /// <summary>The Kubernetes namespace that holds the ConfigMaps.</summary>
    /// <value>Default: <see langword="null"/>, the namespace of the connection: that of the kubeconfig's context, or of the pod.
    /// Required if you supply your own client.</value>
    public string? Namespace { get; set; }

    /// <summary>The name of this process, for people who read a lock.</summary>
    /// <value>Default: <see langword="null"/>, the host's name, which in a pod is the pod's name. At most 253 printable characters.</value>
    /// <remarks>
    /// The holder in a lock is <c>&lt;identity&gt;_&lt;32 random hex digits&gt;</c>, with new digits each time the services are created. So two
    /// processes are never the same holder, even with the same identity, and a restarted process is not taken for the one that
    /// crashed: it waits for the lease as any other contender does.
    /// </remarks>
    public string? Identity { get; set; }

    /// <summary>The kubeconfig file to connect with.</summary>
    /// <value>Default: <see langword="null"/>, the same search as kubectl: <c>KUBECONFIG</c>, <c>~/.kube/config</c>, then the pod's
    /// service account.</value>
    public string? KubeConfigPath { get; set; }

    /// <summary>The context of the kubeconfig to connect with.</summary>
    /// <value>Default: <see langword="null"/>, its current context.</value>
    public string? Context { get; set; }

    /// <summary>The timing of leader election.</summary>
    /// <value>Default: lease 15 s, renew deadline 10 s, retry period 2 s.</value>
    public LeaderElectionOptions LeaderElection { get; set; } = new();

    /// <summary>The time limits of requests and connections to the API server. With your own client, only the limits of requests apply.</summary>
    public ApiServerOptions ApiServer { get; set; } = new();
}
