using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

/// <summary>A real server on loopback that offers HTTP/2 and reacts to each whole request frame by frame.</summary>
internal sealed class Http2Server : IAsyncDisposable
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte GoAway = 7;
    private const byte Flag = 1; // END_STREAM, or ACK.
    private const byte EndHeaders = 4;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly SslServerAuthenticationOptions _tls;
    private readonly Queue<Reaction> _script;
    private readonly Task _serving;

    public Http2Server(X509Certificate2 certificate, params Reaction[] script)
    {
        _script = new Queue<Reaction>(script);
        _tls = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        };
        _listener.Start();
        Url = new Uri($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _serving = ServeAsync();
    }

    /// <summary>Answers the request of a stream; returns whether the connection stays open.</summary>
    public delegate Task<bool> Reaction(Connection connection, int stream);

    public Uri Url { get; }

    /// <summary>Whether PINGs are answered; without it the server looks dead.</summary>
    public bool AnswersPings { get; init; } = true;

    public int Requests { get; private set; }

    public int Connections { get; private set; }

    public static Reaction Close => (_, _) => Task.FromResult(false);

    public static Reaction Answer(string body, bool end = true) => async (connection, stream) =>
    {
        // 0x88 is ":status: 200" in HPACK's static table.
        await connection.WriteAsync(Headers, EndHeaders, stream, [0x88]);
        await connection.WriteAsync(Data, end ? Flag : (byte)0, stream, Encoding.UTF8.GetBytes(body));
        return true;
    };

    public static Reaction ResetStream(int code) => async (connection, stream) =>
    {
        await connection.WriteAsync(Reset, 0, stream, [0, 0, 0, (byte)code]);
        return true;
    };

    /// <summary>Says goodbye; streams up to this one, or only those before it, may have been worked on.</summary>
    public static Reaction SayGoodbye(bool stillTaken) => async (connection, stream) =>
    {
        await connection.WriteAsync(GoAway, 0, 0, [0, 0, 0, (byte)(stillTaken ? stream : stream - 1), 0, 0, 0, 0]);
        return false;
    };

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            await using var stream = new SslStream(client.GetStream());
            try
            {
                await stream.AuthenticateAsServerAsync(_tls, _stop.Token);
                Connections++;
                await ServeAsync(new Connection(stream, _stop.Token));
            }
            catch (Exception exception) when (exception is IOException or AuthenticationException)
            {
                // The client has gone.
            }
        }
    }

    private async Task ServeAsync(Connection connection)
    {
        await connection.ReadAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".Length);
        await connection.WriteAsync(Settings, 0, 0, []);
        while (true)
        {
            var (type, flags, stream, payload) = await connection.ReadFrameAsync();
            if (type is Settings or Ping && (flags & Flag) == 0 && (type == Settings || AnswersPings))
            {
                await connection.WriteAsync(type, Flag, 0, type == Ping ? payload : []);
            }
            else if (type is Headers or Data && (flags & Flag) != 0)
            {
                Requests++;
                if (!await (_script.TryDequeue(out var reaction) ? reaction : Close)(connection, stream))
                {
                    return;
                }
            }
        }
    }

    internal sealed class Connection(SslStream stream, CancellationToken cancellationToken)
    {
        public async Task<byte[]> ReadAsync(int length)
        {
            var bytes = new byte[length];
            await stream.ReadExactlyAsync(bytes, cancellationToken);
            return bytes;
        }

        public async Task<(byte Type, byte Flags, int Stream, byte[] Payload)> ReadFrameAsync()
        {
            var head = await ReadAsync(9);
            var payload = await ReadAsync((head[0] << 16) | (head[1] << 8) | head[2]);
            return (head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
        }

        public async Task WriteAsync(byte type, byte flags, int streamId, byte[] payload)
        {
            var frame = new byte[9 + payload.Length];
            frame[1] = (byte)(payload.Length >> 8);
            frame[2] = (byte)payload.Length;
            frame[3] = type;
            frame[4] = flags;
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), streamId);
            payload.CopyTo(frame, 9);
            await stream.WriteAsync(frame, cancellationToken);
        }
    }
}
