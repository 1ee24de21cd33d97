using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>The exception that is thrown when a completed checkpoint cannot be read; nothing was recovered.</summary>
/// <remarks>No older checkpoint is used instead, because that would silently lose acknowledged state.</remarks>
public sealed class CheckpointRecoveryException : Exception
{
    internal CheckpointRecoveryException(long checkpointId, StateHandle handle, Exception innerException)
        : base(
            $"Checkpoint {checkpointId} cannot be read: {innerException.Message} Nothing was recovered. Restore the data at {handle.State.Location}; "
            + $"or, to continue without this checkpoint, remove the key \"{handle.Key}\" from ConfigMap {handle.ConfigMap} and recover again.",
            innerException) =>
        (CheckpointId, Handle) = (checkpointId, handle);

    /// <summary>The ID of the checkpoint that cannot be read.</summary>
    public long CheckpointId { get; }

    /// <summary>The pointer of the checkpoint.</summary>
    public StateHandle Handle { get; }
}
