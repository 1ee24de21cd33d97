using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Flink.Kubernetes.HA.KubeClient.Authentication;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Sets up the connections to the API server.</summary>
internal static class SocketsHandlers
{
    public static SocketsHttpHandler Create(KubeConnection connection, KubeClientOptions options) => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        // As kubectl does: the environment's proxy, but never for this very machine.
        UseProxy = connection.Proxy is not null || !connection.Server.IsLoopback,
        Proxy = connection.Proxy is { } proxy ? CreateProxy(proxy) : null,
        ConnectTimeout = options.ConnectTimeout < options.RequestTimeout ? options.ConnectTimeout : options.RequestTimeout,
        ConnectCallback = (context, cancellationToken) => ConnectAsync(context.DnsEndPoint, options, cancellationToken),
        PooledConnectionLifetime = options.ConnectionLifetime,
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = options.KeepAlivePingDelay,
        KeepAlivePingTimeout = options.KeepAlivePingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
        // A watch that is left must not be read on in the hope that it ends soon.
        MaxResponseDrainSize = 0,
        SslOptions = CreateTls(connection.Tls, connection.Credential.ClientCertificate),
    };

    private static WebProxy CreateProxy(Uri uri)
    {
        var proxy = new WebProxy(uri);
        if (uri.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var rest])
        {
            proxy.Credentials = new NetworkCredential(Uri.UnescapeDataString(user), Uri.UnescapeDataString(rest.FirstOrDefault() ?? string.Empty));
        }

        return proxy;
    }

    private static SslClientAuthenticationOptions CreateTls(TlsSettings tls, X509Certificate2? clientCertificate)
    {
        var options = new SslClientAuthenticationOptions
        {
            // Clusters' own authorities have no revocation lists.
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            ClientCertificateContext = clientCertificate is null ? null : SslStreamCertificateContext.Create(clientCertificate, null, offline: true),
        };
        if (tls.SkipServerVerification)
        {
#pragma warning disable CA5359 // The user has asked for it: insecure-skip-tls-verify.
            options.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (tls.CertificateAuthorities is { Count: > 0 } authorities)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }

        return options;
    }

    // HTTP/1.1 has no PING: there TCP notices that the other end of a silent watch is gone.
    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint endPoint, KubeClientOptions options, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)options.KeepAlivePingDelay.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Math.Max(1, (int)options.KeepAlivePingTimeout.TotalSeconds));
            await socket.ConnectAsync(endPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
