namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>The selection of ConfigMaps for a list or a watch, and how much of each is sent.</summary>
internal sealed record ConfigMapSelection
{
    /// <summary>What is selected: ConfigMaps, unless something else is said.</summary>
    public WatchedResource Resource { get; init; } = WatchedResource.ConfigMaps;

    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    public bool IsMetadataOnly { get; init; }

    /// <summary>The maximum number of objects in one page.</summary>
    public int? Limit { get; init; }

    /// <summary>The continue token of the previous page.</summary>
    public string? Continue { get; init; }

    /// <summary>Selects one ConfigMap, in the form for which RBAC can restrict a list or watch by resourceNames.</summary>
    public static ConfigMapSelection Named(string name, bool isMetadataOnly, WatchedResource? resource = null) => new()
    {
        Resource = resource ?? WatchedResource.ConfigMaps,
        FieldSelector = $"metadata.name={name}",
        IsMetadataOnly = isMetadataOnly,
    };
}

/// <summary>One page of a list.</summary>
internal sealed record ConfigMapPage(IReadOnlyList<ConfigMap> Items, string ResourceVersion, string? Continue);
