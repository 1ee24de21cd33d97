using System.Security.Cryptography.X509Certificates;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>How the API server proves who it is.</summary>
internal sealed record TlsSettings
{
    public X509Certificate2Collection? CertificateAuthorities { get; init; }

    public bool SkipServerVerification { get; init; }

    public string? ServerName { get; init; }
}
