using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The exception that is thrown when the storage contains data from a ConfigMap that was deleted.</summary>
/// <remarks>The current ConfigMap was re-created, so its being empty does not mean that there is no state.</remarks>
public sealed class StateLostException : StateHandleException
{
    internal StateLostException(ObjectKey configMap, string storage, IReadOnlyList<string> markers)
        : base(
            StateHandleFailure.StateLost,
            configMap,
            EntryKeys.OriginKey,
            $"ConfigMap {configMap} is not the one to which the data in {storage} belongs: it was deleted, with all its pointers, and re-created. "
            + $"Restore it from a copy, with its key \"{EntryKeys.OriginKey}\"; or, if the work is to start from scratch, "
            + $"delete {string.Join(", ", markers)} from the storage.") => Markers = markers;

    /// <summary>The keys of the markers of deleted ConfigMaps in the storage; delete them to start from scratch.</summary>
    public IReadOnlyList<string> Markers { get; }
}
