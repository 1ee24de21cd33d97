using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(150, LogLevel.Warning, "Could not read the {Credential} again; the last one stays in use.")]
    public static partial void CredentialFileUnreadable(ILogger logger, string credential, Exception exception);

    [LoggerMessage(151, LogLevel.Warning, "There is no file {Path}; the API server's certificate is checked against the system's authorities.")]
    public static partial void ServiceAccountAuthorityMissing(ILogger logger, string path);

    [LoggerMessage(152, LogLevel.Warning, "The kubeconfig says insecure-skip-tls-verify: whoever answers as {Server} is trusted and is sent the credential.")]
    public static partial void ServerNotVerified(ILogger logger, Uri server);

    [LoggerMessage(153, LogLevel.Debug, "Credential plugin {Command} gave a credential that expires at {Expiration}. It said: {StandardError}")]
    public static partial void PluginRan(ILogger logger, string command, DateTimeOffset? expiration, string standardError);

    [LoggerMessage(154, LogLevel.Warning, "The credential plugin failed; the credential it gave before stays in use until it expires.")]
    public static partial void PluginFailedWhileHolding(ILogger logger, Exception exception);

    [LoggerMessage(155, LogLevel.Warning, "The credential plugin gave a credential that expired at {Expiration} already. Is the clock of this machine right?")]
    public static partial void PluginGaveExpired(ILogger logger, DateTimeOffset expiration);

    [LoggerMessage(156, LogLevel.Warning, "Credential plugin {Command} could not be killed and may still be running.")]
    public static partial void PluginNotKilled(ILogger logger, string command, Exception exception);
}
