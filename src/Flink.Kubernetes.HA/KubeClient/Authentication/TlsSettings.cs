using System.Security.Cryptography.X509Certificates;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>How the server proves that it is the one that is meant.</summary>
internal sealed record TlsSettings
{
    /// <summary>The only roots to trust; <see langword="null"/> for those of the system.</summary>
    public X509Certificate2Collection? CertificateAuthorities { get; init; }

    public bool SkipServerVerification { get; init; }

    /// <summary>The name to ask for (SNI) and to find in the certificate, where it is not the address's.</summary>
    public string? ServerName { get; init; }
}
