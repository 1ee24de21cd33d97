using System.Security.Cryptography.X509Certificates;

namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Proves who we are: by a bearer token, by a client certificate, by both or (anonymous) by none.</summary>
internal abstract class KubeCredential : IDisposable
{
    /// <summary>
    /// The certificate for the TLS handshake. It may come with the first <see cref="GetTokenAsync"/>, and a rotated one is another object:
    /// look after each call, and let connections with the old one end.
    /// </summary>
    public virtual X509Certificate2? ClientCertificate => null;

    /// <summary>The token for the Authorization header; with <paramref name="refresh"/>, after a 401, one obtained anew.</summary>
    /// <exception cref="KubeConfigException">No credential can be had; nothing was sent to the server.</exception>
    public abstract ValueTask<string?> GetTokenAsync(bool refresh, CancellationToken cancellationToken);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
