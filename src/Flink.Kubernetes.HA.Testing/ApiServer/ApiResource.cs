namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>A kind of object that the server keeps.</summary>
internal sealed record ApiResource(string Group, string Plural, string Kind, string ShortName)
{
    public static ApiResource ConfigMaps { get; } = new(string.Empty, "configmaps", "ConfigMap", "cm");

    public static ApiResource Leases { get; } = new("coordination.k8s.io", "leases", "Lease", string.Empty);

    public static ApiResource Pods { get; } = new(string.Empty, "pods", "Pod", "po");

    public static ApiResource Events { get; } = new(string.Empty, "events", "Event", "ev");

    public static IReadOnlyList<ApiResource> All { get; } = [ConfigMaps, Leases, Pods, Events];

    /// <summary>Whether the status is a part of its own, which only the subresource <c>status</c> writes.</summary>
    public bool HasStatus => this == Pods;

    /// <summary>Whether an update of an object that is not there creates it.</summary>
    public bool IsCreatedOnUpdate => this == Leases;

    public string ApiVersion => Group.Length == 0 ? "v1" : $"{Group}/v1";

    public string QualifiedName => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public string QualifiedKind => Group.Length == 0 ? Kind : $"{Kind}.{Group}";

    /// <summary>Whether the server keeps such a member of an object; of pods it knows too little to drop any.</summary>
    public bool Keeps(string member) => Plural switch
    {
        "configmaps" => member is "data" or "binaryData" or "immutable",
        "leases" => member is "spec",
        _ => member is not ("apiVersion" or "kind" or "metadata"),
    };

    public static ApiResource? Find(string group, string plural) => All.FirstOrDefault(r => r.Group == group && r.Plural == plural);
}
