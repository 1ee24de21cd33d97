using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Reads the ConfigMap of a component as a whole, and reports what was read.</summary>
internal sealed class ConfigMapReader(
    ConfigMapRequests requests, string namespaceName, string clusterId, LeaderComponent component, Action<ConfigMapContent>? seen = null)
{
    public ObjectKey Key { get; } = HaNames.LeaderConfigMap(namespaceName, clusterId, component);

    /// <summary>The folder of the component's data; below it there is one for each ID that its ConfigMap has had.</summary>
    public string Folder { get; } = HaNames.DataFolder(namespaceName, clusterId, component);

    public async Task<ConfigMapContent> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var content = new ConfigMapContent(await requests.GetAsync(Key, metadataOnly: false, cancellationToken).ConfigureAwait(false), Folder);
            seen?.Invoke(content);
            return content;
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            throw new ConfigMapMissingException(Key, exception);
        }
    }
}

/// <summary>A ConfigMap as observed in one read: the fence and the entries of the same moment.</summary>
/// <param name="configMap">What was read.</param>
/// <param name="folder">The folder of the component's data.</param>
internal sealed class ConfigMapContent(ConfigMap configMap, string folder)
{
    public ObjectKey Key => configMap.Key;

    public string? Uid => configMap.Uid;

    /// <summary>The stored lock record.</summary>
    public string? Fence => configMap.Annotation(HaNames.LockAnnotation);

    /// <summary>The mark of the last write of plain values.</summary>
    public string? LastWrite => configMap.Annotation(HaNames.LastWriteAnnotation);

    /// <summary>The ID that the keys of the data contain, or <see langword="null"/> if nothing was stored yet.</summary>
    public string? StateId => Data.GetValueOrDefault(EntryKeys.StateId);

    public IReadOnlyDictionary<string, string> Data => configMap.Data;

    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> BinaryData => configMap.BinaryData;

    /// <summary>Whether the data was written for this ConfigMap, and not for the one that it was copied from.</summary>
    public bool Owns(StateKey key) => StateId is { } id && key.Value.StartsWith($"{folder}/{id}/", StringComparison.Ordinal);

    /// <summary>Reads an entry, if there is one.</summary>
    /// <param name="prefix">The prefix of its store.</param>
    /// <param name="key">The key with the prefix.</param>
    /// <exception cref="StateHandleException">The entry is no pointer, or one to data of another ConfigMap.</exception>
    public StateHandle? Find(string prefix, string key)
    {
        if (!Data.TryGetValue(key, out var text))
        {
            return null;
        }

        StatePointer pointer;
        try
        {
            pointer = StatePointer.Parse(text);
        }
        catch (FormatException exception)
        {
            throw StateHandleException.Corrupt(Key, key, exception.Message, exception);
        }

        return pointer.IsAdopted || Owns(pointer.State.Key)
            ? new StateHandle(Key, prefix, key, text, pointer)
            : throw StateHandleException.Foreign(Key, key, pointer.State.Key, StateId is null ? folder : $"{folder}/{StateId}");
    }

    /// <summary>Reads an entry, or returns <see langword="null"/> if there is none that can be read.</summary>
    public StateHandle? TryFind(string prefix, string key)
    {
        try
        {
            return Find(prefix, key);
        }
        catch (StateHandleException)
        {
            return null;
        }
    }
}
