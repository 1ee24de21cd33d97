using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>Talks to an API server over HTTP: with HTTP/2 where the server offers it, one connection for many requests and watches.</summary>
/// <remarks>
/// <para>A call ends within <see cref="KubeClientOptions.RequestTimeout"/>, whatever the network does. Reads are retried within
/// that time. Writes are retried only where the server certainly did nothing; any other write without a clear answer fails with
/// <see cref="KubeClientException.IsOutcomeUnknown"/>.</para>
/// <para>Names that no Kubernetes object can have are refused with an <see cref="ArgumentException"/> before anything is sent.</para>
/// </remarks>
public sealed class HttpKubeClient : IKubeClient
{
    private readonly KubeRequests _requests;
    private readonly RequestSender _sender;
    private readonly HaMetrics? _ownMetrics;

    /// <summary>Creates a client; it connects with its first request.</summary>
    /// <param name="connection">Where the server is and how to prove who we are. It may serve several clients.</param>
    /// <param name="options">Time limits and retries; <see langword="null"/> for the defaults.</param>
    /// <param name="timeProvider">The clock of all waits; <see langword="null"/> for the system's.</param>
    /// <param name="loggerFactory">Where requests are logged, at debug level; <see langword="null"/> for nowhere.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public HttpKubeClient(KubeConnection connection, KubeClientOptions? options = null, TimeProvider? timeProvider = null, ILoggerFactory? loggerFactory = null)
        : this(connection, options, timeProvider, loggerFactory, metrics: null, handler: null)
    {
    }

    // A handler given here sends the messages in place of sockets of the client's own; its owner disposes it.
    internal HttpKubeClient(
        KubeConnection connection,
        KubeClientOptions? options,
        TimeProvider? timeProvider,
        ILoggerFactory? loggerFactory,
        HaMetrics? metrics,
        HttpMessageHandler? handler)
    {
        ArgumentNullException.ThrowIfNull(connection);
        var snapshot = (options ?? new KubeClientOptions()).Snapshot();
        var logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<HttpKubeClient>();
        _ownMetrics = metrics is null ? new HaMetrics() : null;
        _requests = new KubeRequests(connection.Server);
        _sender = new RequestSender(
            new HttpTransport(connection, snapshot, handler, logger),
            snapshot,
            timeProvider ?? TimeProvider.System,
            logger,
            metrics ?? _ownMetrics!);
    }

    /// <inheritdoc/>
    public async Task<T> GetAsync<T>(KubeResource<T> resource, ObjectKey key, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        var request = _requests.Get(resource, key);
        return KubeJson.Read(request, resource, await _sender.SendAsync(request, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<KubeList<T>> ListAsync<T>(KubeResource<T> resource, string namespaceName, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        var request = _requests.List(resource, namespaceName, options);
        return KubeListReader.Read(request, resource, await _sender.SendAsync(request, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<T> CreateAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(item);
        var request = _requests.Create(resource, item);
        return KubeJson.Read(request, resource, await _sender.SendAsync(request, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<T> ReplaceAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(item);
        var request = _requests.Replace(resource, item);
        return KubeJson.Read(request, resource, await _sender.SendAsync(request, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task<T> PatchAsync<T>(KubeResource<T> resource, ObjectKey key, KubePatch patch, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(patch);
        var request = _requests.Patch(resource, key, patch);
        return KubeJson.Read(request, resource, await _sender.SendAsync(request, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task DeleteAsync<T>(KubeResource<T> resource, ObjectKey key, DeletePreconditions? preconditions = null, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        var request = _requests.Delete(resource, key, preconditions);
        KubeJson.CheckDeleted(request, resource, await _sender.SendAsync(request, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(KubeResource<T> resource, string namespaceName, WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        return WatchStream.ReadAsync(_sender, _requests.Watch(resource, namespaceName, options), resource, cancellationToken);
    }

    /// <summary>Breaks off all calls and watches and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _sender.DisposeAsync().ConfigureAwait(false);
        _ownMetrics?.Dispose();
    }
}
