namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>One page of a list.</summary>
/// <param name="Items">The objects of this page.</param>
/// <param name="ResourceVersion">The version of the collection: where a watch goes on from.</param>
/// <param name="Continue">The token for the next page, or <see langword="null"/> after the last.</param>
public sealed record KubeList<T>(IReadOnlyList<T> Items, string? ResourceVersion, string? Continue = null)
    where T : KubeObject;
