using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(201, LogLevel.Debug, "Watching {Resource} {Object} from version {ResourceVersion}; the server is to end it after {Timeout}.")]
    public static partial void WatchOpening(ILogger logger, string resource, object @object, string? resourceVersion, TimeSpan timeout);

    [LoggerMessage(202, LogLevel.Debug, "The watch of {Resource} {Object} ended after {Lived} (in silence: {Silent}); resuming.")]
    public static partial void WatchEnded(ILogger logger, string resource, object @object, TimeSpan lived, bool silent);

    [LoggerMessage(203, LogLevel.Debug, "The watch of {Resource} {Object} broke after {Lived}; the next try is in {Delay}.")]
    public static partial void WatchBroken(ILogger logger, Exception exception, string resource, object @object, TimeSpan lived, TimeSpan delay);

    [LoggerMessage(204, LogLevel.Information, "Version {ResourceVersion} of {Resource} {Object} has expired on the server; reading its state anew.")]
    public static partial void WatchExpired(ILogger logger, string resource, object @object, string? resourceVersion);

    [LoggerMessage(205, LogLevel.Warning, "{Resource} {Object} can't be watched at the moment: changes are not seen until it can. Trying on.")]
    public static partial void WatchImpaired(ILogger logger, Exception exception, string resource, object @object);

    [LoggerMessage(206, LogLevel.Warning, "{Resource} {Object} can't be watched: the verb '{Verb}' on {Resource} is not permitted. Grant get, list and watch to this process's account. Trying on.")]
    public static partial void WatchForbidden(ILogger logger, Exception exception, string verb, string resource, object @object);

    [LoggerMessage(207, LogLevel.Information, "{Resource} {Object} is watched again.")]
    public static partial void WatchRecovered(ILogger logger, string resource, object @object);
}
