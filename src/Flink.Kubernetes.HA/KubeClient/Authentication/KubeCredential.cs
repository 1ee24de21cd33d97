using System.Security.Cryptography.X509Certificates;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>How requests prove who sends them.</summary>
internal abstract class KubeCredential : IDisposable
{
    /// <summary>The client certificate, or <see langword="null"/> where there is none.</summary>
    public virtual X509Certificate2? ClientCertificate => null;

    /// <summary>The bearer token, or <see langword="null"/> where there is none; read anew when <paramref name="refresh"/> is set.</summary>
    public abstract ValueTask<string?> GetTokenAsync(bool refresh, CancellationToken cancellationToken);

    public virtual void Dispose()
    {
    }
}
