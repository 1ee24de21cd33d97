using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Connection;

internal static partial class ConnectionLog
{
    [LoggerMessage(110, LogLevel.Debug, "{Method} {Path} was answered 401; the credential is obtained again.")]
    public static partial void CredentialRefused(ILogger logger, HttpMethod method, string path);

    [LoggerMessage(111, LogLevel.Information, "New connections to {Server} are used from now on: {Reason}.")]
    public static partial void ConnectionsReplaced(ILogger logger, Uri server, string reason);

    [LoggerMessage(112, LogLevel.Warning, "Could not read the {Name} again; the last one stays in use.")]
    public static partial void FileUnreadable(ILogger logger, string name, Exception exception);

    [LoggerMessage(113, LogLevel.Warning, "The certificate of {Server} is not verified (insecure-skip-tls-verify): whoever answers there is sent the credential.")]
    public static partial void ServerNotVerified(ILogger logger, Uri server);

    [LoggerMessage(114, LogLevel.Warning, "There is no file {Path}; the API server's certificate is checked against the system's authorities.")]
    public static partial void ServiceAccountAuthorityMissing(ILogger logger, string path);

    [LoggerMessage(115, LogLevel.Warning, "{Entry} is not known and has no effect.")]
    public static partial void UnknownMember(ILogger logger, string entry);

    [LoggerMessage(116, LogLevel.Warning, "The user '{User}' of the context is not in the kubeconfig: requests are sent without a credential.")]
    public static partial void UserMissing(ILogger logger, string user);

    [LoggerMessage(120, LogLevel.Debug, "The credential plugin {Command} gave a credential that expires at {Expiration}. It said: {StandardError}")]
    public static partial void PluginRan(ILogger logger, string command, DateTimeOffset? expiration, string standardError);

    [LoggerMessage(121, LogLevel.Warning, "The credential plugin failed; the credential that it gave before stays in use until it expires.")]
    public static partial void PluginFailedWhileHolding(ILogger logger, Exception exception);

    [LoggerMessage(122, LogLevel.Warning, "The credential plugin gave a credential that has expired at {Expiration}. Is the clock of this machine right?")]
    public static partial void PluginGaveExpired(ILogger logger, DateTimeOffset expiration);

    [LoggerMessage(123, LogLevel.Warning, "The credential plugin {Command} could not be killed and may still be running.")]
    public static partial void PluginNotKilled(ILogger logger, string command, Exception exception);
}
