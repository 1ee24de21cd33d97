using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

/// <summary>A real server on loopback that reads each request to its end and then does what the script says.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Queue<Reaction> _script;
    private readonly Task _serving;
    private readonly SslServerAuthenticationOptions? _tls;

    public ScriptedServer(params Reaction[] script)
        : this(tls: null, script)
    {
    }

    public ScriptedServer(SslServerAuthenticationOptions? tls, params Reaction[] script)
    {
        _tls = tls;
        _script = new Queue<Reaction>(script);
        _listener.Start();
        Url = new Uri($"{(tls is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _serving = ServeAsync();
    }

    /// <summary>Answers a request that was read; returns whether the connection stays open.</summary>
    public delegate Task<bool> Reaction(Stream stream, CancellationToken cancellationToken);

    public Uri Url { get; }

    /// <summary>The first lines of the requests.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Connections that the client broke off.</summary>
    public List<string> Failures { get; } = [];

    /// <summary>Closes the connection without a word.</summary>
    public static Reaction Close => (_, _) => Task.FromResult(false);

    public static Reaction Answer(string body) => async (stream, cancel) =>
    {
        await stream.WriteAsync(Bytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}"), cancel);
        return true;
    };

    /// <summary>Promises a longer body than it sends, then closes.</summary>
    public static Reaction CloseWithinBody(string start, string status = "200 OK") => async (stream, cancel) =>
    {
        await stream.WriteAsync(Bytes($"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n{start}"), cancel);
        return false;
    };

    /// <summary>Sends chunks, then closes with or without the mark of the end.</summary>
    public static Reaction Chunks(bool end, params string[] chunks) => async (stream, cancel) =>
    {
        await stream.WriteAsync(Bytes("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"), cancel);
        foreach (var chunk in chunks)
        {
            await stream.WriteAsync(Bytes($"{Encoding.UTF8.GetByteCount(chunk):x}\r\n{chunk}\r\n"), cancel);
        }

        await stream.WriteAsync(Bytes(end ? "0\r\n\r\n" : string.Empty), cancel);
        return false;
    };

    /// <summary>Sends chunks, then waits for the client to go and says so.</summary>
    public static Reaction ChunksUntilClientLeaves(TaskCompletionSource left, params string[] chunks) => async (stream, cancel) =>
    {
        await Chunks(end: false, chunks)(stream, cancel);
        try
        {
            while (await stream.ReadAsync(new byte[1], cancel) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is as good as an end.
        }

        left.TrySetResult();
        return false;
    };

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private async Task ServeAsync()
    {
        while (true)
        {
            using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            await using var stream = _tls is null ? (Stream)client.GetStream() : new SslStream(client.GetStream());
            try
            {
                await ServeAsync(stream);
            }
            catch (Exception exception) when (exception is AuthenticationException or IOException)
            {
                Failures.Add(exception.Message);
            }
        }
    }

    private async Task ServeAsync(Stream stream)
    {
        if (stream is SslStream secure)
        {
            await secure.AuthenticateAsServerAsync(_tls!, _stop.Token);
        }

        while (await ReadRequestAsync(stream) is { } request)
        {
            Requests.Add(request);
            if (!await (_script.TryDequeue(out var reaction) ? reaction : Close)(stream, _stop.Token))
            {
                return;
            }
        }
    }

    private async Task<string?> ReadRequestAsync(Stream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await stream.ReadAsync(one, _stop.Token) == 0)
            {
                return null;
            }

            head.Append((char)one[0]);
        }

        var lines = head.ToString().Split("\r\n");
        var length = lines.Where(l => l.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)).Select(l => int.Parse(l[15..], System.Globalization.CultureInfo.InvariantCulture)).SingleOrDefault();
        await stream.ReadExactlyAsync(new byte[length], _stop.Token);
        return lines[0];
    }
}
