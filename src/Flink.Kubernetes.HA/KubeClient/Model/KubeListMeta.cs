namespace Flink.Kubernetes.HA.KubeClient.Model;

/// <summary>The metadata of a list.</summary>
internal sealed record KubeListMeta
{
    public string? ResourceVersion { get; init; }

    public string? Continue { get; init; }
}
