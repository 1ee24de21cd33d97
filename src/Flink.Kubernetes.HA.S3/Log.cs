using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.S3;

/// <summary>The package's log messages. Ids: 65x.</summary>
internal static partial class Log
{
    [LoggerMessage(651, LogLevel.Warning, "The parts of an upload to {Location} that was given up could not be removed: they take space until unfinished writes are removed.")]
    public static partial void UnfinishedUploadRemains(ILogger logger, Exception exception, string location);
}
