using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Flink.Kubernetes.HA.Tests.Connection;

/// <summary>Passes bytes on to one server, or to whom CONNECT names; can make the connections that it has into black holes.</summary>
internal sealed class TestProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _running = [];
    private readonly int? _targetPort;
    private readonly Task _accepting;
    private volatile int _generation;

    /// <summary>Starts to listen.</summary>
    /// <param name="targetPort">Where to pass on to; <see langword="null"/> for a proxy that wants CONNECT.</param>
    public TestProxy(int? targetPort = null)
    {
        _targetPort = targetPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The heads of the CONNECT requests.</summary>
    public ConcurrentQueue<string> Heads { get; } = [];

    /// <summary>What to answer to CONNECT.</summary>
    public string Answer { get; init; } = "200 Connection established";

    /// <summary>The connections that are there now stay open and swallow everything; new ones work.</summary>
    public void MakeBlackHoles() => Interlocked.Increment(ref _generation);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await Task.WhenAll([_accepting, .. _running]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            _running.Add(ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        var port = _targetPort ?? await ReadConnectAsync(client.GetStream());
        if (port is not null)
        {
            await server.ConnectAsync(IPAddress.Loopback, port.Value, _stop.Token);
            var generation = _generation;
            Task[] both = [PassAsync(client, server, generation), PassAsync(server, client, generation)];
            await Task.WhenAny(both);
            client.Close();
            server.Close();
            await Task.WhenAll(both).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<int?> ReadConnectAsync(NetworkStream stream)
    {
        var (head, one) = (new StringBuilder(), new byte[1]);
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, _stop.Token);
            head.Append((char)one[0]);
        }

        Heads.Enqueue(head.ToString());
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {Answer}\r\n\r\n"), _stop.Token);
        return Answer.StartsWith("200", StringComparison.Ordinal) ? int.Parse(head.ToString().Split(' ')[1].Split(':')[1], System.Globalization.CultureInfo.InvariantCulture) : null;
    }

    private async Task PassAsync(TcpClient from, TcpClient to, int generation)
    {
        var buffer = new byte[16 << 10];
        while (await from.GetStream().ReadAsync(buffer, _stop.Token) is > 0 and var read)
        {
            if (generation == _generation)
            {
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }

        // A black hole does not tell that the other end has gone.
        if (generation != _generation)
        {
            await Task.Delay(Timeout.Infinite, _stop.Token);
        }
    }
}
