namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>A kind of object that is watched: ConfigMaps, and what tells whether the holder of a lock is alive.</summary>
internal sealed record WatchedResource(string Group, string Plural, string Kind)
{
    public static WatchedResource ConfigMaps { get; } = new(string.Empty, "configmaps", "ConfigMap");

    /// <summary>The heartbeats of processes, in <see cref="ConfigMap.Lease"/>.</summary>
    public static WatchedResource Leases { get; } = new("coordination.k8s.io", "leases", "Lease");

    /// <summary>The Pods of holders, in <see cref="ConfigMap.Containers"/>.</summary>
    public static WatchedResource Pods { get; } = new(string.Empty, "pods", "Pod");

    /// <summary>The path of the resource, without the address of the server.</summary>
    public string PathIn(string namespaceName) => Group.Length == 0
        ? $"/api/v1/namespaces/{namespaceName}/{Plural}"
        : $"/apis/{Group}/v1/namespaces/{namespaceName}/{Plural}";

    public ApiRequest Request(string verb, string namespaceName, string? name = null) => new(verb, namespaceName, name) { Group = Group, Plural = Plural };
}
