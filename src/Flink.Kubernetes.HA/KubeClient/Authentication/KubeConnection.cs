using Flink.Kubernetes.HA.KubeClient.Authentication;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>Where the API server is and how to prove who we are.</summary>
public sealed class KubeConnection
{
    internal KubeConnection(Uri server, string namespaceName, TlsSettings tls, Uri? proxy, KubeCredential credential) =>
        (Server, Namespace, Tls, Proxy, Credential) = (server, namespaceName, tls, proxy, credential);

    /// <summary>The URL of the API server.</summary>
    public Uri Server { get; }

    /// <summary>The namespace of the context or of the pod.</summary>
    public string Namespace { get; }

    internal TlsSettings Tls { get; }

    internal Uri? Proxy { get; }

    internal KubeCredential Credential { get; }
}
