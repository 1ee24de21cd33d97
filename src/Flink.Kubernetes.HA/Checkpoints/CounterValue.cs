namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>The counter as it stands.</summary>
/// <param name="Text">The value in the ConfigMap, or <see langword="null"/> where there is none.</param>
/// <param name="Next">The id that is handed out next.</param>
internal sealed record CounterValue(string? Text, long Next);
