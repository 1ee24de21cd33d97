using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(500, LogLevel.Information, "HA services of cluster {ClusterId} in namespace {Namespace} are ready; this process is {Identity}.")]
    public static partial void ServicesCreated(ILogger logger, string clusterId, string @namespace, string identity);

    [LoggerMessage(510, LogLevel.Information, "{Service} begins to lead {Component}.")]
    public static partial void LeaderServiceBegins(ILogger logger, string service, string component);

    [LoggerMessage(511, LogLevel.Information, "{Service} has ended its turn as leader of {Component}.")]
    public static partial void LeaderServiceEnded(ILogger logger, string service, string component);

    [LoggerMessage(512, LogLevel.Error, "{Service} failed while it led {Component}. The lock is given up; it contends again in {Delay}.")]
    public static partial void LeaderServiceFailed(ILogger logger, Exception exception, string service, string component, TimeSpan delay);

    [LoggerMessage(513, LogLevel.Warning, "{Service} still works {Elapsed} after it lost the leadership of {Component}: another process may lead by now. End the work when the token of RunAsync fires.")]
    public static partial void LeaderServiceOverstays(ILogger logger, string service, string component, TimeSpan elapsed);
}
