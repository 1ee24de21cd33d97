using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(650, LogLevel.Warning, "The answer to a write of {Keys} to ConfigMap {ConfigMap} was lost. It is read back; until it is known whether it has taken effect, no data is deleted.")]
    public static partial void AnswerLost(ILogger logger, string configMap, string keys, Exception exception);

    [LoggerMessage(651, LogLevel.Warning, "A write of {Keys} to ConfigMap {ConfigMap} could not be read back yet.")]
    public static partial void NotReadBack(ILogger logger, string configMap, string keys, Exception exception);

    [LoggerMessage(652, LogLevel.Warning, "It will not be known whether a write of {Keys} to ConfigMap {ConfigMap} has taken effect; its data was left where it is.")]
    public static partial void NeverSettled(ILogger logger, string configMap, string keys, Exception exception);

    [LoggerMessage(653, LogLevel.Warning, "Data that nothing points to could not be deleted: {Key} in {Storage}. It only takes space; a sweep removes it.")]
    public static partial void DataLeftBehind(ILogger logger, string storage, string key, Exception exception);

    [LoggerMessage(654, LogLevel.Warning, "{Keys} in ConfigMap {ConfigMap} are removed and their data is deleted, but the marked keys could not be dropped. They count as not there; the next to add, remove or clear them drops them.")]
    public static partial void MarkedKeysLeft(ILogger logger, string configMap, string keys, Exception exception);

    [LoggerMessage(655, LogLevel.Warning, "ConfigMap {ConfigMap} fills up: {Size} of at most {Limit} bytes are taken, most of them by \"{LargestKey}\". Writes fail when it is full.")]
    public static partial void ConfigMapFillsUp(ILogger logger, string configMap, long size, long limit, string largestKey);
}
