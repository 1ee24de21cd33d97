using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(700, LogLevel.Information, "Job {JobId} has ended and nothing of it is left: its result is marked clean.")]
    public static partial void JobCleanedUp(ILogger logger, string jobId);

    [LoggerMessage(701, LogLevel.Warning, "Cleaning up {What} failed, try {Tries} of {MaximumTries}; next in {Delay}.")]
    public static partial void CleanUpStepFailed(ILogger logger, string what, int tries, int maximumTries, TimeSpan delay, Exception exception);

    [LoggerMessage(702, LogLevel.Information, "Cluster {ClusterId} has ended {Status}: its metadata and data are removed.")]
    public static partial void ClusterCleanUpBegins(ILogger logger, string clusterId, string status);

    [LoggerMessage(703, LogLevel.Information, "Cluster {ClusterId} is {Status}, which is not globally terminal: everything is kept.")]
    public static partial void ClusterKept(ILogger logger, string clusterId, string status);

    [LoggerMessage(704, LogLevel.Warning, "Data that no pointer names could not be deleted: {Key}. The next sweep tries again.")]
    public static partial void SweepLeft(ILogger logger, string key, Exception exception);
}
