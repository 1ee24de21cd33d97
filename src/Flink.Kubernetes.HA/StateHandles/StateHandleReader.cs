using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Reads the entries of a component's ConfigMap and the data that they point to; that needs no leadership.</summary>
/// <remarks>
/// Every read asks the API server. What the leader does meanwhile is seen or not: data whose handle was read a while ago may be
/// gone, and then the handle must be read again. Safe for concurrent use.
/// </remarks>
public sealed class StateHandleReader
{
    private readonly ConfigMapReader _configMap;

    /// <summary>Creates a reader of a component's entries.</summary>
    /// <param name="client">Reaches the API server.</param>
    /// <param name="storage">Holds the data.</param>
    /// <param name="namespaceName">The namespace of the cluster.</param>
    /// <param name="clusterId">The id of the cluster.</param>
    /// <param name="component">The component whose leader writes the entries.</param>
    /// <param name="prefix">How the keys of the store begin, such as <c>jobGraph-</c>.</param>
    /// <exception cref="ArgumentException">No keys can begin like this.</exception>
    public StateHandleReader(IKubeClient client, IStateStorage storage, string namespaceName, string clusterId, LeaderComponent component, string prefix)
        : this(client, storage, HaNames.LeaderConfigMap(namespaceName, clusterId, component), prefix)
    {
    }

    /// <summary>Creates a reader of a ConfigMap's entries.</summary>
    /// <param name="client">Reaches the API server.</param>
    /// <param name="storage">Holds the data.</param>
    /// <param name="configMap">The ConfigMap that holds the pointers.</param>
    /// <param name="prefix">How the keys of the store begin, such as <c>jobGraph-</c>.</param>
    /// <exception cref="ArgumentException">No keys can begin like this.</exception>
    public StateHandleReader(IKubeClient client, IStateStorage storage, ObjectKey configMap, string prefix)
        : this(new ConfigMapReader(client, configMap), storage, prefix)
    {
    }

    internal StateHandleReader(ConfigMapReader configMap, IStateStorage storage, string prefix)
    {
        ArgumentNullException.ThrowIfNull(storage);
        _configMap = configMap;
        Storage = storage;
        Prefix = EntryKeys.CheckPrefix(prefix);
    }

    /// <summary>The ConfigMap that holds the pointers.</summary>
    public ObjectKey ConfigMap => _configMap.Key;

    /// <summary>How the keys of the store begin.</summary>
    public string Prefix { get; }

    /// <summary>Where the data is.</summary>
    public IStateStorage Storage { get; }

    /// <summary>Reads all entries, and the plain values beside them, at one moment.</summary>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">One of the entries can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<StateHandleSnapshot> ReadAsync(CancellationToken cancellationToken = default)
    {
        var content = await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false);
        return new StateHandleSnapshot(ConfigMap, Prefix, content.Data);
    }

    /// <summary>Reads the handles of all entries, in the order of their keys.</summary>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">One of the entries can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<IReadOnlyList<StateHandle>> ListAsync(CancellationToken cancellationToken = default) =>
        (await ReadAsync(cancellationToken).ConfigureAwait(false)).Handles;

    /// <summary>Reads the handle of an entry.</summary>
    /// <exception cref="StateHandleNotFoundException">There is none, or it is being removed.</exception>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">The entry can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<StateHandle> GetAsync(string name, CancellationToken cancellationToken = default) =>
        await FindAsync(name, cancellationToken).ConfigureAwait(false) switch
        {
            null => throw new StateHandleNotFoundException(ConfigMap, Prefix + name),
            { IsBeingRemoved: true } => throw new StateHandleNotFoundException(ConfigMap, Prefix + name, isBeingRemoved: true),
            var handle => handle,
        };

    /// <summary>Reads the handle of an entry, if there is one.</summary>
    /// <returns>The handle, or <see langword="null"/> where there is none or it is being removed.</returns>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">The entry can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<StateHandle?> TryGetAsync(string name, CancellationToken cancellationToken = default) =>
        await FindAsync(name, cancellationToken).ConfigureAwait(false) is { IsBeingRemoved: false } handle ? handle : null;

    /// <summary>Tells whether there is an entry; one that is being removed does not count.</summary>
    /// <exception cref="ConfigMapMissingException">The ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">The entry can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<bool> ExistsAsync(string name, CancellationToken cancellationToken = default) =>
        await TryGetAsync(name, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Opens the data of an entry; size and SHA-256 are checked while it is read, before the last bytes are handed out.</summary>
    /// <param name="handle">The entry.</param>
    /// <param name="progress">Told how many bytes were read so far.</param>
    /// <param name="cancellationToken">Gives up opening; reading has tokens of its own.</param>
    /// <returns>A stream to dispose; it fails with <see cref="StateStorageException"/> where the data is not what was written.</returns>
    /// <exception cref="StateStorageException">The data is missing or can't be read.</exception>
    public Task<Stream> OpenReadAsync(StateHandle handle, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return Storage.OpenReadAsync(handle.State, progress, cancellationToken);
    }

    private async Task<StateHandle?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var key = EntryKeys.Of(Prefix, name);
        var content = await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false);
        return content.Data.TryGetValue(key, out var text) ? StateHandleSnapshot.Read(ConfigMap, Prefix, key, text) : null;
    }
}
