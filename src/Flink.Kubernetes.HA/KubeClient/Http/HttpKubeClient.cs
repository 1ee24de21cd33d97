using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The seam over HTTP.</summary>
public sealed class HttpKubeClient : IKubeClient
{
    /// <summary>Creates the client.</summary>
    public HttpKubeClient(KubeConnection connection, KubeClientOptions? options = null, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
        : this(connection, options, timeProvider, loggerFactory, metrics: null, handler: null)
    {
    }

    internal HttpKubeClient(KubeConnection connection, KubeClientOptions? options, TimeProvider? timeProvider, ILoggerFactory? loggerFactory, HaMetrics? metrics, HttpMessageHandler? handler)
    {
    }

    /// <inheritdoc/>
    public Task<T> GetAsync<T>(KubeResource<T> resource, ObjectKey key, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    /// <inheritdoc/>
    public Task<KubeList<T>> ListAsync<T>(KubeResource<T> resource, string namespaceName, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    /// <inheritdoc/>
    public Task<T> CreateAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    /// <inheritdoc/>
    public Task<T> ReplaceAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    /// <inheritdoc/>
    public Task<T> PatchAsync<T>(KubeResource<T> resource, ObjectKey key, KubePatch patch, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    /// <inheritdoc/>
    public Task DeleteAsync<T>(KubeResource<T> resource, ObjectKey key, DeletePreconditions? preconditions = null, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(KubeResource<T> resource, string namespaceName, WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
