using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(300, LogLevel.Information, "Contending for {Component} as {Identity}, with ConfigMap {ConfigMap}.")]
    public static partial void Contending(ILogger logger, string component, string identity, string configMap);

    [LoggerMessage(301, LogLevel.Information, "Leading {Component} as {Identity}: fencing token {FencingToken}, session {SessionId}.")]
    public static partial void TermWon(ILogger logger, string component, string identity, long fencingToken, Guid sessionId);

    [LoggerMessage(302, LogLevel.Warning, "Lost the leadership of {Component} (ConfigMap {ConfigMap}, {Reason}): {Why}")]
    public static partial void LeadershipLost(ILogger logger, string component, string configMap, string reason, string why);

    [LoggerMessage(EventId = 303, Message = "A renewal of the leadership of {Component} has failed; {SecondsLeft} s are left to succeed.")]
    public static partial void RenewalFailed(ILogger logger, LogLevel level, string component, double secondsLeft, Exception? exception);

    [LoggerMessage(304, LogLevel.Warning, "The lock of {Component} in ConfigMap {ConfigMap} was edited by someone else; it was put back, and this process goes on leading.")]
    public static partial void LockRepaired(ILogger logger, string component, string configMap);

    [LoggerMessage(305, LogLevel.Information, "Gave up the leadership of {Component} in ConfigMap {ConfigMap}: fencing token {FencingToken}.")]
    public static partial void Released(ILogger logger, string component, string configMap, long fencingToken);

    [LoggerMessage(306, LogLevel.Warning, "The lock of {Component} in ConfigMap {ConfigMap} could not be given up; it runs out by itself within {LeaseSeconds} s.")]
    public static partial void NotReleased(ILogger logger, string component, string configMap, double leaseSeconds, Exception? exception);

    [LoggerMessage(307, LogLevel.Warning, "Cannot contend for {Component} at the moment, and goes on trying: {Why}")]
    public static partial void CannotContend(ILogger logger, string component, string why, Exception? exception);

    [LoggerMessage(308, LogLevel.Debug, "It is not known whether the lock of {Component} in ConfigMap {ConfigMap} was taken: the answer was lost. It is read now.")]
    public static partial void AcquisitionUnknown(ILogger logger, string component, string configMap, Exception? exception);

    [LoggerMessage(310, LogLevel.Information, "The leadership of {Component} is renewed again.")]
    public static partial void RenewedAgain(ILogger logger, string component);

    [LoggerMessage(309, LogLevel.Error, "A callback on a token of a term of {Component} has thrown.")]
    public static partial void LostCallbackFailed(ILogger logger, string component, Exception exception);
}
