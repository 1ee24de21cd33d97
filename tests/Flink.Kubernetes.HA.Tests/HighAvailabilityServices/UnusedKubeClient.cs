using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

/// <summary>A client that nothing may be asked of; it counts its disposals.</summary>
internal sealed class UnusedKubeClient : IKubeClient
{
    public int Disposals { get; private set; }

    public Task<T> GetAsync<T>(KubeResource<T> resource, ObjectKey key, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public Task<KubeList<T>> ListAsync<T>(KubeResource<T> resource, string namespaceName, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public Task<T> CreateAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public Task<T> ReplaceAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public Task<T> PatchAsync<T>(KubeResource<T> resource, ObjectKey key, KubePatch patch, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public Task DeleteAsync<T>(KubeResource<T> resource, ObjectKey key, DeletePreconditions? preconditions = null, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(KubeResource<T> resource, string namespaceName, WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    public ValueTask DisposeAsync()
    {
        Disposals++;
        return ValueTask.CompletedTask;
    }
}
