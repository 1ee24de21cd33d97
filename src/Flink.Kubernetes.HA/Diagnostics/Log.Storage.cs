using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(601, LogLevel.Warning, "{Path} could not be removed: it takes space until unfinished writes are removed.")]
    public static partial void UnfinishedFileRemains(ILogger logger, Exception exception, string path);
}
