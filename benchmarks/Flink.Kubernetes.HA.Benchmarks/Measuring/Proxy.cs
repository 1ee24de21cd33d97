using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.Benchmarks.Measuring;

/// <summary>A TCP proxy between a candidate and the API server: counts bytes, TLS included, the same way for every client, and can refuse
/// connections.</summary>
internal sealed partial class Proxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _server;
    private readonly HashSet<Socket> _sockets = [];
    private readonly Task _accepting;
    private bool _isRefusing;
    private long _sent;
    private long _received;

    public Proxy(string kubeConfig, Uri server)
    {
        _server = server;
        _listener.Start();
        KubeConfig = Path.GetTempFileName();
        File.WriteAllText(KubeConfig, ServerLine().Replace(File.ReadAllText(kubeConfig), $"server: https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}"));
        _accepting = AcceptAsync();
    }

    /// <summary>A kubeconfig that leads here.</summary>
    public string KubeConfig { get; }

    public (long Sent, long Received) Bytes => (Interlocked.Read(ref _sent), Interlocked.Read(ref _received));

    /// <summary>Breaks all connections and answers new ones with a reset, until it is told otherwise.</summary>
    public void Refuse(bool isRefusing)
    {
        lock (_sockets)
        {
            _isRefusing = isRefusing;
            foreach (var socket in isRefusing ? _sockets.ToList() : [])
            {
                Reset(socket);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        Refuse(true);
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        File.Delete(KubeConfig);
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }

        socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptSocketAsync();
            lock (_sockets)
            {
                if (_isRefusing)
                {
                    Reset(client);
                    continue;
                }

                _sockets.Add(client);
            }

            _ = Task.Run(() => ForwardAsync(client));
        }
    }

    private async Task ForwardAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(_server.Host, _server.Port);
            await Task.WhenAny(CopyAsync(client, server, isSent: true), CopyAsync(server, client, isSent: false));
        }
        catch (SocketException)
        {
        }

        lock (_sockets)
        {
            _sockets.Remove(client);
            Reset(client);
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool isSent)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var length)
            {
                Interlocked.Add(ref isSent ? ref _sent : ref _received, length);
                for (var offset = 0; offset < length;)
                {
                    offset += await to.SendAsync(buffer.AsMemory(offset, length - offset));
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }

    [GeneratedRegex(@"server: \S+")]
    private static partial Regex ServerLine();
}
