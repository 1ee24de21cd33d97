namespace Flink.Kubernetes.HA.WireFormat;

/// <summary>How Apache Flink stores its leaders.</summary>
/// <remarks>
/// 1.12 to 1.14: entries <c>address</c> and <c>sessionId</c> in a ConfigMap of each component. From 1.15 on: entries
/// <c>&lt;session&gt;,&lt;address&gt;</c> in one ConfigMap of the cluster, under keys with the component's name; a job's is its ID, and from
/// 1.19 on <c>job-</c> and its ID.
/// </remarks>
internal static class FlinkLeaderEntry
{
    private const string KeyPrefix = "org.apache.flink.k8s.leader.";
    private const string JobPrefix = "job-";
    private const string JobManagerSuffix = "-jobmanager";

    public static string ConfigMap(string clusterId) => $"{clusterId}-cluster-config-map";

    /// <summary>Reads the leader from the data of a component's ConfigMap.</summary>
    public static ((Guid SessionId, string Address)? Leader, string? Problem) OfComponent(IReadOnlyDictionary<string, string> data)
    {
        var address = data.GetValueOrDefault(HaNames.AddressKey);
        var session = data.GetValueOrDefault(HaNames.SessionIdKey);
        if (string.IsNullOrEmpty(address) || string.IsNullOrEmpty(session))
        {
            // Flink writes both or neither.
            return (null, null);
        }

        return Guid.TryParseExact(session, "D", out var sessionId)
            ? ((sessionId, address), null)
            : (null, $"has a {HaNames.SessionIdKey} that is no UUID: '{session}'.");
    }

    /// <summary>Reads a component's leader from the data of the cluster's ConfigMap.</summary>
    public static ((Guid SessionId, string Address)? Leader, string? Problem) OfCluster(IReadOnlyDictionary<string, string> data, LeaderComponent component)
    {
        var name = component.IsJobManager ? component.Name[..^JobManagerSuffix.Length] : component.Name;
        var keys = component.IsJobManager ? new[] { KeyPrefix + JobPrefix + name, KeyPrefix + name } : [KeyPrefix + name];
        foreach (var key in keys)
        {
            if (data.TryGetValue(key, out var entry))
            {
                return TryParse(entry) is { } leader ? (leader, null) : (null, $"has an entry '{key}' that is not '<session>,<address>': '{entry}'.");
            }
        }

        // A key that names the component in another way is a version of Flink that this library does not know; silence would look like
        // a component without a leader.
        var unknown = data.Keys.FirstOrDefault(key => key.StartsWith(KeyPrefix, StringComparison.Ordinal) && key.EndsWith(name, StringComparison.Ordinal));
        return (null, unknown is null ? null : $"has the leader of {component} under the unknown key '{unknown}': {string.Join(" or ", keys)} is expected.");
    }

    /// <summary>Returns <see langword="null"/> unless the entry is a UUID, a comma and an address, which may contain further commas.</summary>
    public static (Guid SessionId, string Address)? TryParse(string entry)
    {
        var comma = entry.IndexOf(',', StringComparison.Ordinal);
        return comma > 0 && comma < entry.Length - 1 && Guid.TryParseExact(entry.AsSpan(0, comma), "D", out var sessionId)
            ? (sessionId, entry[(comma + 1)..])
            : null;
    }
}
