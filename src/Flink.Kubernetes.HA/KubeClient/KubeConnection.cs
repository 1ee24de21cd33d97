namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>Where the API server is and how to prove who we are.</summary>
public sealed class KubeConnection
{
    /// <summary>The server.</summary>
    public Uri Server { get; } = new("https://localhost");

    /// <summary>The namespace of the context, or of the pod.</summary>
    public string Namespace { get; } = "default";

    /// <summary>The connection of a pod.</summary>
    public static KubeConnection InCluster() => throw new NotSupportedException();

    /// <summary>The connection that a kubeconfig names.</summary>
    public static KubeConnection FromKubeConfig(string? path = null, string? context = null) => new();

    /// <summary>The connection that kubectl would take.</summary>
    public static KubeConnection Default() => throw new NotSupportedException();
}
