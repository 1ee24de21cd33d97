using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.S3;

/// <summary>The log messages of the package. IDs: 61x.</summary>
internal static partial class Log
{
    [LoggerMessage(610, LogLevel.Warning, "The parts of an aborted upload to {Location} could not be removed; they occupy space until unfinished "
        + "writes are removed.")]
    public static partial void UnfinishedUploadRemains(ILogger logger, Exception exception, string location);
}
