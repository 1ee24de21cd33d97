namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>The options of a <see cref="CompletedCheckpointStore{T}"/>.</summary>
public sealed class CompletedCheckpointStoreOptions
{
    /// <summary>The number of newest completed checkpoints to keep; older ones are removed atomically when one is added.</summary>
    /// <value>Default: 1. From 1 to 1000.</value>
    public int MaximumRetained { get; set; } = 1;

    /// <summary>Whether the job must be in the <see cref="Jobs.JobRegistry{T}"/>. A job that has a result is refused in any case.</summary>
    /// <value>
    /// Default: <see langword="false"/>, for jobs that are kept elsewhere. With <see langword="true"/> a job cannot run again either after its
    /// result was removed, because newer ones took its place.
    /// </value>
    public bool RequireSubmittedJob { get; set; }
}
