namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>How completed checkpoints are kept.</summary>
public sealed class CompletedCheckpointStoreOptions
{
    /// <summary>How many completed checkpoints are kept, the newest; older ones are removed in the same step that adds one.</summary>
    /// <value>Default: 1. From 1 to 1000.</value>
    public int MaximumRetained { get; set; } = 1;
}
