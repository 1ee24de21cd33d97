using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Flink.Kubernetes.HA.Connection;

/// <summary>The connections to the API server: replaced as certificates rotate, and when the server refuses what comes over them.</summary>
/// <remarks>
/// A connection stays what its certificates made it. Those that were replaced finish their requests and watches, which pings go on
/// to guard, and are closed when they have been idle for a while.
/// </remarks>
internal sealed class ApiServerConnections : IDisposable
{
    /// <summary>The pause after the first replacement because of a 401; it doubles, for no new connection helps against a bad credential.</summary>
    public static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestIdleTime = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly List<WeakReference<Stream>> _streams = [];
    private readonly ConnectionSettings _settings;
    private readonly ApiServerOptions _options;
    private readonly ConnectionEnvironment _environment;
    private volatile HttpMessageInvoker _current;
    private X509Certificate2Collection? _authorities;
    private SslStreamCertificateContext? _certificate;
    private TimeSpan _pause;
    private long _refusedAt;
    private bool _disposed;

    public ApiServerConnections(ConnectionSettings settings, ApiServerOptions options, ConnectionEnvironment environment)
    {
        (_settings, _options, _environment) = (settings, options, environment);
        (_authorities, _certificate) = (settings.Authorities?.Get(readNow: false), settings.ClientCertificate(readNow: false));
        _current = Create();
    }

    /// <summary>The connections to use, with the certificates that the files hold now or held not long ago.</summary>
    public HttpMessageInvoker Current(bool readNow)
    {
        lock (_gate)
        {
            // Read under the lock: with what it read before, a thread that is late would bring back certificates that have been replaced.
            var (authorities, certificate) = (_settings.Authorities?.Get(readNow), _settings.ClientCertificate(readNow));
            if (!ReferenceEquals(authorities, _authorities) || !ReferenceEquals(certificate, _certificate))
            {
                (_authorities, _certificate) = (authorities, certificate);
                Replace("certificates have changed");
            }

            return _current;
        }
    }

    /// <summary>After a 401: whether there are other connections than the ones that were used.</summary>
    public bool ReplaceAfterRefusal(HttpMessageInvoker used)
    {
        lock (_gate)
        {
            if (ReferenceEquals(_current, used) && (_pause == TimeSpan.Zero || _environment.TimeProvider.GetElapsedTime(_refusedAt) >= _pause))
            {
                _pause = _pause == TimeSpan.Zero ? LeastPause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
                _refusedAt = _environment.TimeProvider.GetTimestamp();
                Replace("the server answered 401");
            }

            return !ReferenceEquals(_current, used);
        }
    }

    /// <summary>The server has accepted the credential over the present connections.</summary>
    public void Accepted()
    {
        lock (_gate)
        {
            _pause = TimeSpan.Zero;
        }
    }

    public void Dispose()
    {
        List<WeakReference<Stream>> streams;
        lock (_gate)
        {
            _disposed = true;
            streams = [.. _streams];
        }

        _current.Dispose();

        // The runtime leaves connections open whose responses are still being read: those of watches.
        foreach (var reference in streams)
        {
            if (reference.TryGetTarget(out var stream))
            {
                stream.Dispose();
            }
        }
    }

    private void Replace(string reason)
    {
        if (!_disposed)
        {
            _current = Create();
            ConnectionLog.ConnectionsReplaced(_environment.Logger, _settings.Server, reason);
        }
    }

    private HttpMessageInvoker Create()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = _settings.Proxy is not null,
            Proxy = _settings.Proxy?.ToWebProxy(),
            ConnectTimeout = _options.ConnectTimeout < _options.RequestTimeout ? _options.ConnectTimeout : _options.RequestTimeout,
            ConnectCallback = ConnectAsync,
            PooledConnectionLifetime = _options.ConnectionLifetime,
            PooledConnectionIdleTimeout = _options.ConnectionLifetime < LongestIdleTime ? _options.ConnectionLifetime : LongestIdleTime,
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = _options.KeepAlivePingDelay,
            KeepAlivePingTimeout = _options.KeepAlivePingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            // On HTTP/1.1 a canceled watch must not be read on in the hope that it ends soon: a second reader would spoil the connection.
            MaxResponseDrainSize = 0,
            SslOptions = ServerVerification.Create(_settings, _authorities, _certificate),
        };
        _settings.Setup?.Invoke(handler);
        var connect = handler.ConnectCallback ?? ConnectAsync;
        handler.ConnectCallback = async (context, cancellationToken) => Track(await connect(context, cancellationToken).ConfigureAwait(false));
        return new HttpMessageInvoker(handler);
    }

    // HTTP/1.1 has no PING: there TCP notices that the other end of a silent watch is gone.
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            var (delay, retries) = ((int)_options.KeepAlivePingDelay.TotalSeconds, (int)_options.KeepAlivePingTimeout.TotalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, delay);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, retries);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private Stream Track(Stream stream)
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _streams.RemoveAll(reference => !reference.TryGetTarget(out _));
                _streams.Add(new WeakReference<Stream>(stream));
                return stream;
            }
        }

        stream.Dispose();
        throw new ObjectDisposedException(nameof(k8s.Kubernetes));
    }
}
