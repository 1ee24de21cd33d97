namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>What a list is limited to.</summary>
public sealed record ListOptions
{
    /// <summary>A label selector in Kubernetes' syntax, such as <c>app=orders,type in (a,b)</c>.</summary>
    /// <value>Default: none, all objects.</value>
    public string? LabelSelector { get; init; }

    /// <summary>A field selector in Kubernetes' syntax, such as <c>metadata.name=orders-dispatcher-leader</c>.</summary>
    /// <value>Default: none, all objects.</value>
    public string? FieldSelector { get; init; }

    /// <summary>The largest number of objects in one page.</summary>
    /// <value>Default: none, everything in one page.</value>
    public int? Limit { get; init; }

    /// <summary>The <see cref="KubeList{T}.Continue"/> token of the page before.</summary>
    /// <value>Default: none, the first page.</value>
    public string? Continue { get; init; }
}
