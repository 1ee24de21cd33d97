namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>One page of a list.</summary>
internal sealed record ListPage(IReadOnlyList<StoredObject> Items, string ResourceVersion, string? Continue);
