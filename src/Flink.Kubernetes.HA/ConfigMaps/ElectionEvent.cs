namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>What an Event of Kubernetes says about a ConfigMap.</summary>
internal sealed record ElectionEvent(ObjectKey ConfigMap, string? Uid, bool IsWarning, string Message, DateTimeOffset Time);
