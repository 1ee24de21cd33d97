using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>The exception that is thrown when the data of a completed checkpoint is missing, damaged or not understood; nothing was recovered.</summary>
/// <remarks>No older checkpoint is used instead, because that would silently lose acknowledged state. That the storage does not answer is
/// another matter: that is a <see cref="Storage.StateStorageException"/>, and no reason to give the checkpoint up.</remarks>
public sealed class CheckpointRecoveryException : Exception
{
    internal CheckpointRecoveryException(long checkpointId, StateHandle handle, string storage, Exception innerException)
        : base(
            $"Checkpoint {checkpointId} cannot be read: {innerException.Message} Nothing was recovered. Restore the data '{handle.State.Key}' in "
            + $"{storage}; or, to continue without this checkpoint, remove the key \"{handle.Key}\" from ConfigMap {handle.ConfigMap} and recover "
            + "again.",
            innerException) =>
        (CheckpointId, Handle) = (checkpointId, handle);

    /// <summary>The ID of the checkpoint that cannot be read.</summary>
    public long CheckpointId { get; }

    /// <summary>The pointer of the checkpoint.</summary>
    public StateHandle Handle { get; }
}
