using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The exception that is thrown when the storage contains data from a ConfigMap that was deleted.</summary>
/// <remarks>The current ConfigMap was re-created, so its being empty does not mean that there is no state.</remarks>
public sealed class StateLostException : StateHandleException
{
    internal StateLostException(ObjectKey configMap, string storage, IReadOnlyList<string> folders)
        : base(
            StateHandleFailure.StateLost,
            configMap,
            EntryKeys.StateId,
            $"ConfigMap {configMap} has no pointers to the data in {string.Join(", ", folders)} of {storage}: it was deleted, with all its pointers, "
            + $"and re-created. Restore it from a copy, with its key \"{EntryKeys.StateId}\"; or, if the work is to start from scratch, delete that "
            + "data.") => Folders = folders;

    /// <summary>The folders in the storage with the data of deleted ConfigMaps; delete them to start from scratch.</summary>
    public IReadOnlyList<string> Folders { get; }
}
