namespace Flink.Kubernetes.HA.WireFormat;

/// <summary>How Flink 1.15 and later tells its leaders: entries <c>&lt;session&gt;,&lt;address&gt;</c> in one ConfigMap of the cluster.</summary>
internal static class FlinkLeaderEntry
{
    private const string KeyPrefix = "org.apache.flink.k8s.leader.";
    private const string JobManagerSuffix = "-jobmanager";

    public static string ConfigMap(string clusterId) => $"{clusterId}-cluster-config-map";

    /// <summary>The key of a component's leader; a job's JobManager stands there under the job's id alone.</summary>
    public static string Key(LeaderComponent component)
    {
        var name = component.Name;
        var isJobManager = name.EndsWith(JobManagerSuffix, StringComparison.Ordinal) && JobId.TryParse(name[..^JobManagerSuffix.Length], out _);
        return KeyPrefix + (isJobManager ? name[..^JobManagerSuffix.Length] : name);
    }

    /// <summary>Returns <see langword="null"/> for what is not a UUID, a comma and an address, which may hold further commas.</summary>
    public static LeaderInformation? TryParse(string? entry)
    {
        var comma = entry?.IndexOf(',', StringComparison.Ordinal) ?? -1;
        return comma > 0 && comma < entry!.Length - 1 && Guid.TryParseExact(entry.AsSpan(0, comma), "D", out var sessionId)
            ? new LeaderInformation(sessionId, entry[(comma + 1)..])
            : null;
    }
}
