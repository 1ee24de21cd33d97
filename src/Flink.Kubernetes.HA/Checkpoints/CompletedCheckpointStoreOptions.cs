namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>The options of a <see cref="CompletedCheckpointStore{T}"/>.</summary>
public sealed class CompletedCheckpointStoreOptions
{
    /// <summary>The number of newest completed checkpoints to keep; older ones are removed atomically when one is added.</summary>
    /// <value>Default: 1. From 1 to 1000.</value>
    public int MaximumRetained { get; set; } = 1;
}
