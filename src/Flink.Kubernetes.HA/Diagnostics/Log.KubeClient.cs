using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Debug, "{Request}: HTTP {Status} after {Milliseconds:0.0} ms (HTTP/{Version})")]
    public static partial void RequestAnswered(ILogger logger, object request, int status, double milliseconds, Version version);

    [LoggerMessage(101, LogLevel.Debug, "{Failure} after {Milliseconds:0.0} ms: {Message}")]
    public static partial void RequestFailed(ILogger logger, string failure, double milliseconds, string message);

    [LoggerMessage(102, LogLevel.Debug, "In {Milliseconds:0} ms retry {Retry} of: {Message}")]
    public static partial void RequestRetried(ILogger logger, double milliseconds, int retry, string? message);

    [LoggerMessage(103, LogLevel.Debug, "{Request}: HTTP 401; reading the credential anew")]
    public static partial void CredentialRefused(ILogger logger, object request);

    [LoggerMessage(104, LogLevel.Debug, "{Request}: the stream of the watch ended: {Reason}")]
    public static partial void WatchStreamEnded(ILogger logger, object request, string reason);
}
