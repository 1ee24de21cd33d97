using System.Collections.Concurrent;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Model;

namespace Flink.Kubernetes.HA.TestAgent;

/// <summary>Keeps the last patch of every kind of write: sent again, it is a packet that the network has held back.</summary>
internal sealed class WriteRecorder(IKubeClient inner) : IKubeClient
{
    private readonly ConcurrentDictionary<(ObjectKey Key, string Kind), KubePatch> _last = [];

    /// <summary>The last patch of every kind to this object.</summary>
    public IReadOnlyList<(string Kind, KubePatch Patch)> LastOf(ObjectKey key) => [.. _last.Where(entry => entry.Key.Key == key).Select(entry => (entry.Key.Kind, entry.Value))];

    public void Forget(ObjectKey key)
    {
        foreach (var entry in _last.Keys.Where(entry => entry.Key == key))
        {
            _last.TryRemove(entry, out _);
        }
    }

    public Task<T> PatchAsync<T>(KubeResource<T> resource, ObjectKey key, KubePatch patch, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        if (patch.Type == KubePatchType.Json)
        {
            // What no attempt has sent are renewals, with or without a new address.
            _last[(key, WriteAttempt.Current?.Kind ?? "renewal")] = patch;
        }

        if (WriteAttempt.Current is { } attempt)
        {
            attempt.Sent++;
        }

        return inner.PatchAsync(resource, key, patch, cancellationToken);
    }

    public Task<T> GetAsync<T>(KubeResource<T> resource, ObjectKey key, CancellationToken cancellationToken = default)
        where T : KubeObject => inner.GetAsync(resource, key, cancellationToken);

    public Task<KubeList<T>> ListAsync<T>(KubeResource<T> resource, string namespaceName, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject => inner.ListAsync(resource, namespaceName, options, cancellationToken);

    public Task<T> CreateAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject => inner.CreateAsync(resource, item, cancellationToken);

    public Task<T> ReplaceAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject => inner.ReplaceAsync(resource, item, cancellationToken);

    public Task DeleteAsync<T>(KubeResource<T> resource, ObjectKey key, DeletePreconditions? preconditions = null, CancellationToken cancellationToken = default)
        where T : KubeObject => inner.DeleteAsync(resource, key, preconditions, cancellationToken);

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(KubeResource<T> resource, string namespaceName, WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject => inner.WatchAsync(resource, namespaceName, options, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
