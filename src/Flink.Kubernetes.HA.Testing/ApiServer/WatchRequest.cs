namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>What a watch asks for.</summary>
internal sealed record WatchRequest(string? LabelSelector, string? FieldSelector, string? ResourceVersion, TimeSpan? Timeout, bool AllowBookmarks);
