namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>How <see cref="HttpKubeClient"/> talks to the API server.</summary>
/// <remarks>The client copies the values when it is created.</remarks>
public sealed class KubeClientOptions
{
    private static readonly TimeSpan OneHour = TimeSpan.FromHours(1);

    /// <summary>How long one call may take in all: connecting, retries, the waits between them, and reading the answer.</summary>
    /// <remarks>For a watch it is the time until the server has accepted it; the events that follow have no limit.</remarks>
    /// <value>Default: 10 seconds. It should be no longer than the renew deadline of the leader election.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a request is sent again where that is harmless; 0 for never.</summary>
    /// <remarks>
    /// Reads are sent again when the server was out of reach or answered 429 or 5xx. Writes only where the server certainly did
    /// not act: it answered 429, or no connection to it came about. Watches are opened once.
    /// </remarks>
    /// <value>Default: 4.</value>
    public int MaxRetries { get; set; } = 4;

    /// <summary>The wait before the first retry; it doubles with each, and is spread at random.</summary>
    /// <value>Default: 100 milliseconds.</value>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait before a retry. Where the server asks for a longer one, the call fails at once and says so.</summary>
    /// <value>Default: 5 seconds.</value>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one attempt to connect, TLS included, may take.</summary>
    /// <value>Default: 3 seconds, so that another attempt fits well into the renew deadline of the leader election.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>After how much silence a connection is probed, so that a dead one is noticed.</summary>
    /// <value>Default: 2 seconds. Sent as HTTP/2 PING; over HTTP/1.1 as TCP keep-alive.</value>
    public TimeSpan KeepAlivePingDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait for the answer to a probe before the connection counts as dead.</summary>
    /// <value>Default: 2 seconds. Requests on the connection then fail; writes among them with an unknown outcome.</value>
    public TimeSpan KeepAlivePingTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How old a connection may get before new requests use another one; running ones and watches stay on it.</summary>
    /// <value>Default: 10 minutes, so that a change of the server's addresses is noticed.</value>
    public TimeSpan ConnectionLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Checks the values and returns a copy that does not change.</summary>
    internal KubeClientOptions Snapshot()
    {
        Check(RequestTimeout, TimeSpan.FromMilliseconds(1), nameof(RequestTimeout));
        Check(RetryDelay, TimeSpan.Zero, nameof(RetryDelay));
        Check(MaxRetryDelay, RetryDelay, nameof(MaxRetryDelay));
        Check(ConnectTimeout, TimeSpan.FromMilliseconds(1), nameof(ConnectTimeout));
        Check(KeepAlivePingDelay, TimeSpan.FromSeconds(1), nameof(KeepAlivePingDelay));
        Check(KeepAlivePingTimeout, TimeSpan.FromSeconds(1), nameof(KeepAlivePingTimeout));
        Check(ConnectionLifetime, TimeSpan.FromSeconds(1), nameof(ConnectionLifetime));
        if (MaxRetries is < 0 or > 100)
        {
            throw new ArgumentOutOfRangeException(nameof(MaxRetries), MaxRetries, $"{nameof(KubeClientOptions)}.{nameof(MaxRetries)} must be between 0 and 100.");
        }

        return (KubeClientOptions)MemberwiseClone();
    }

    private static void Check(TimeSpan value, TimeSpan least, string name)
    {
        if (value < least || value > OneHour)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{nameof(KubeClientOptions)}.{name} must be between {least} and {OneHour}.");
        }
    }
}
