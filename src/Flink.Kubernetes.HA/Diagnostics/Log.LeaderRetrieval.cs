using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(401, LogLevel.Information, "The leader of {Component} is at {Address} (session {SessionId}, fencing token {FencingToken}).")]
    public static partial void LeaderObserved(ILogger logger, object component, string address, Guid sessionId, long fencingToken);

    [LoggerMessage(402, LogLevel.Information, "{Component} has no leader with an address at the moment.")]
    public static partial void NoLeaderObserved(ILogger logger, object component);

    [LoggerMessage(403, LogLevel.Error, "A listener to the leader of {Component} threw; the next change is told to it all the same.")]
    public static partial void ListenerFailed(ILogger logger, Exception exception, object component);

    [LoggerMessage(404, LogLevel.Error, "The leader of {Component} can't be told: {Problem}")]
    public static partial void LeaderConfigMapUnusable(ILogger logger, object component, string problem);

    [LoggerMessage(405, LogLevel.Warning, "The lock record of ConfigMap {ConfigMap} (annotation '{Annotation}') can't be read. It counts as held; the last known leader stands while its term does.")]
    public static partial void LockUnreadable(ILogger logger, object configMap, string annotation);

    [LoggerMessage(406, LogLevel.Debug, "'{Key}' of ConfigMap {ConfigMap} is not '<session>,<address>': no leader.")]
    public static partial void FlinkLeaderUnreadable(ILogger logger, string key, object configMap);
}
