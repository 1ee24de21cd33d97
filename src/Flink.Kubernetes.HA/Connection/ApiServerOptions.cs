using System.Globalization;

namespace Flink.Kubernetes.HA;

/// <summary>Time limits of the requests to the API server and settings of the connections to it.</summary>
public sealed class ApiServerOptions
{
    private static readonly TimeSpan OneHour = TimeSpan.FromHours(1);

    /// <summary>How long one call may take in all: connecting, retries, the waits between them, and reading the response.</summary>
    /// <remarks>For a watch it is the time until the server has accepted it; the events that follow have no limit.</remarks>
    /// <value>Default: 10 seconds. It should be no longer than the renew deadline of the leader election.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a read is sent again; 0 for never.</summary>
    /// <remarks>Only reads (get and list) are sent again, when the server could not be reached or answered 429 or 5xx. Writes are never sent again here, and watches are opened once.</remarks>
    /// <value>Default: 4. At most 100.</value>
    public int MaxRetries { get; set; } = 4;

    /// <summary>How long one attempt to connect, TLS included, may take; <see cref="RequestTimeout"/> where that is shorter.</summary>
    /// <value>Default: 3 seconds, so that another attempt fits into the renew deadline of the leader election.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>After how much silence a connection is probed, so that a dead one is noticed.</summary>
    /// <value>Default: 2 seconds; at least 1 second. Sent as HTTP/2 PING; over HTTP/1.1 as TCP keep-alive.</value>
    public TimeSpan KeepAlivePingDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long to wait for the answer to a probe before the connection counts as dead.</summary>
    /// <value>Default: 2 seconds; at least 1 second. Requests on the connection then fail; writes among them with an unknown outcome.</value>
    public TimeSpan KeepAlivePingTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How old a connection may become before new requests use another one; running requests and watches stay on it.</summary>
    /// <value>Default: 10 minutes, so that a change of the server's addresses is noticed. At least 1 second.</value>
    public TimeSpan ConnectionLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Adds a text for each value that is out of its range.</summary>
    internal void Check(List<string> failures)
    {
        var (millisecond, second) = (TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        Check(RequestTimeout, millisecond, nameof(RequestTimeout), failures);
        Check(ConnectTimeout, millisecond, nameof(ConnectTimeout), failures);
        Check(KeepAlivePingDelay, second, nameof(KeepAlivePingDelay), failures);
        Check(KeepAlivePingTimeout, second, nameof(KeepAlivePingTimeout), failures);
        Check(ConnectionLifetime, second, nameof(ConnectionLifetime), failures);
        if (MaxRetries is < 0 or > 100)
        {
            failures.Add(string.Create(CultureInfo.InvariantCulture, $"{nameof(MaxRetries)} is {MaxRetries}; it must be between 0 and 100."));
        }
    }

    /// <summary>A copy for a client, which reads the options again whenever it replaces its connections.</summary>
    internal ApiServerOptions Copy() => (ApiServerOptions)MemberwiseClone();

    private static void Check(TimeSpan value, TimeSpan least, string name, List<string> failures)
    {
        if (value < least || value > OneHour)
        {
            failures.Add($"{name} is {value}; it must be between {least} and {OneHour}.");
        }
    }
}
