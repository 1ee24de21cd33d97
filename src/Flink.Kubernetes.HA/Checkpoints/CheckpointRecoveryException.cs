using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>A completed checkpoint can't be read, so none was restored: to take an older one in silence would be to lose what was acknowledged.</summary>
public sealed class CheckpointRecoveryException : Exception
{
    internal CheckpointRecoveryException(long checkpointId, StateHandle handle, Exception innerException)
        : base($"Checkpoint {checkpointId} can't be read: {innerException.Message} Nothing was restored. Put the data back at {handle.State.Location}; "
            + $"or, to do without this checkpoint knowingly, remove the key \"{handle.Key}\" from ConfigMap {handle.ConfigMap} and recover again.", innerException) =>
        (CheckpointId, Handle) = (checkpointId, handle);

    /// <summary>The checkpoint that can't be read.</summary>
    public long CheckpointId { get; }

    /// <summary>Its pointer.</summary>
    public StateHandle Handle { get; }
}
