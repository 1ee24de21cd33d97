using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The storage holds data of a ConfigMap that is gone: the one that stands was created anew, so its being empty means nothing.</summary>
public sealed class StateLostException : StateHandleException
{
    internal StateLostException(ObjectKey configMap, string storage, IReadOnlyList<string> markers)
        : base(configMap, EntryKeys.OriginKey, $"ConfigMap {configMap} is not the one that the data in {storage} belongs to: it was deleted, with all its pointers, and created anew. "
            + $"Put it back from a copy, with its key \"{EntryKeys.OriginKey}\"; or, if the work is really to start from scratch, delete {string.Join(", ", markers)} from the storage.") => Markers = markers;

    /// <summary>The keys in the storage that tell so: delete them to start from scratch.</summary>
    public IReadOnlyList<string> Markers { get; }
}
