using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Reads the entries of a component's ConfigMap and the data to which they point; needs no leadership.</summary>
/// <remarks>
/// Every read is a request to the API server. The leader may change entries at any time: if the data of a handle that was read earlier is
/// gone, read the handle again. All members are thread-safe.
/// </remarks>
public sealed class StateHandleReader
{
    private readonly ConfigMapReader _configMap;

    internal StateHandleReader(ConfigMapReader configMap, IStateStorage storage, string prefix)
    {
        ArgumentNullException.ThrowIfNull(storage);
        _configMap = configMap;
        Storage = storage;
        Prefix = EntryKeys.CheckPrefix(prefix);
    }

    /// <summary>The ConfigMap that holds the pointers, as <c>namespace/name</c>.</summary>
    public string ConfigMap => Key.ToString();

    /// <summary>The prefix of the store's keys.</summary>
    public string Prefix { get; }

    /// <summary>The storage of the data.</summary>
    public IStateStorage Storage { get; }

    /// <summary>Reads all entries and plain values of the ConfigMap in one read; those that cannot be read are named beside the others.</summary>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<StateHandleSnapshot> ReadAsync(CancellationToken cancellationToken = default)
    {
        var content = await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false);
        return new StateHandleSnapshot(content, Prefix);
    }

    /// <summary>Reads the handles of all entries, in the order of their keys.</summary>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">An entry cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<IReadOnlyList<StateHandle>> ListAsync(CancellationToken cancellationToken = default) =>
        (await ReadAsync(cancellationToken).ConfigureAwait(false)).ThrowIfUnreadable().Handles;

    /// <summary>Reads the handle of an entry.</summary>
    /// <exception cref="StateHandleException">There is none.</exception>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">The entry cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<StateHandle> GetAsync(string name, CancellationToken cancellationToken = default) =>
        await TryGetAsync(name, cancellationToken).ConfigureAwait(false) ?? throw StateHandleException.NotFound(Key, Prefix + name);

    /// <summary>Reads the handle of an entry, if there is one.</summary>
    /// <returns>The handle, or <see langword="null"/> if there is none.</returns>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">The entry cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<StateHandle?> TryGetAsync(string name, CancellationToken cancellationToken = default)
    {
        var key = EntryKeys.Of(Prefix, name);
        return (await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false)).Find(Prefix, key);
    }

    /// <summary>Returns whether there is an entry.</summary>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">The entry cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<bool> ExistsAsync(string name, CancellationToken cancellationToken = default) =>
        await TryGetAsync(name, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Opens the data of an entry; size and SHA-256 are verified while it is read, before the last bytes are returned.</summary>
    /// <param name="handle">The entry.</param>
    /// <param name="progress">Reports the number of bytes read so far.</param>
    /// <param name="cancellationToken">A token to cancel the open; each read takes its own token.</param>
    /// <returns>A stream to dispose; reading it throws a <see cref="StateStorageException"/> if the data is not what was written.</returns>
    /// <exception cref="StateStorageException">The data is missing or cannot be read.</exception>
    public Task<Stream> OpenReadAsync(StateHandle handle, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return Storage.OpenReadAsync(handle.State, progress, cancellationToken);
    }

    /// <summary>Reads the data of an entry into memory and verifies it.</summary>
    /// <exception cref="StateStorageException">The data is missing, is not what was written, or cannot be read.</exception>
    public Task<byte[]> ReadBytesAsync(StateHandle handle, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return Storage.ReadAllBytesAsync(handle.State, cancellationToken);
    }

    /// <summary>Reads the value of an entry; returns it only if all of the data was verified.</summary>
    /// <exception cref="StateStorageException">The data is missing, is not what was written, or cannot be read.</exception>
    public async Task<T> ReadAsync<T>(StateHandle handle, IStateSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        var content = await OpenReadAsync(handle, progress: null, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            var value = await serializer.DeserializeAsync(content, cancellationToken).ConfigureAwait(false);

            // The verification happens at the end of the stream, and a serializer may have stopped before it.
            await content.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
            return value;
        }
    }

    /// <summary>Reads the values of all entries, in the order of their keys; throws if one of them cannot be read.</summary>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">An entry cannot be read.</exception>
    /// <exception cref="StateStorageException">The data of an entry is missing, is not what was written, or cannot be read.</exception>
    public async Task<IReadOnlyList<KeyValuePair<StateHandle, T>>> ReadAllAsync<T>(
        IStateSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        List<KeyValuePair<StateHandle, T>> values = [];
        foreach (var handle in await ListAsync(cancellationToken).ConfigureAwait(false))
        {
            values.Add(new(handle, await ReadAsync(handle, serializer, cancellationToken).ConfigureAwait(false)));
        }

        return values;
    }

    internal ObjectKey Key => _configMap.Key;
}
