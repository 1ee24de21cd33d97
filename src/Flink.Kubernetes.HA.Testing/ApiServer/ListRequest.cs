namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>What a list asks for.</summary>
internal sealed record ListRequest(string? LabelSelector, string? FieldSelector, int? Limit, string? Continue, string? ResourceVersion = null);
