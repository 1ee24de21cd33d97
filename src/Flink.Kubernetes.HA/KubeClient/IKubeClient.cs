namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The one seam to Kubernetes: everything this library asks of an API server.</summary>
/// <remarks>
/// <para>Every failure that the server or the way to it causes is a <see cref="KubeClientException"/>. A write whose
/// answer was lost says so with <see cref="KubeClientException.IsOutcomeUnknown"/>; it is never retried in silence.</para>
/// <para>A cancelled call throws <see cref="OperationCanceledException"/>; a cancelled write may have taken effect.</para>
/// <para>Implementations are thread-safe and pass <c>KubeClientConformance</c> of the package Flink.Kubernetes.HA.Testing.</para>
/// </remarks>
public interface IKubeClient : IAsyncDisposable
{
    /// <summary>Reads one object.</summary>
    /// <exception cref="KubeClientException">The object does not exist (<see cref="KubeFailure.NotFound"/>), or the request failed.</exception>
    Task<T> GetAsync<T>(KubeResource<T> resource, ObjectKey key, CancellationToken cancellationToken = default)
        where T : KubeObject;

    /// <summary>Lists the objects of a namespace, one page of them when <see cref="ListOptions.Limit"/> is set.</summary>
    /// <exception cref="KubeClientException">The continue token has expired (<see cref="KubeFailure.Gone"/>), or the request failed.</exception>
    Task<KubeList<T>> ListAsync<T>(KubeResource<T> resource, string namespaceName, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject;

    /// <summary>Creates an object in the namespace that its metadata names and returns it as stored.</summary>
    /// <exception cref="KubeClientException">It exists already (<see cref="KubeFailure.AlreadyExists"/>), or the request failed.</exception>
    Task<T> CreateAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject;

    /// <summary>Replaces an object; with a <see cref="ObjectMeta.ResourceVersion"/> only if that is still the stored one.</summary>
    /// <exception cref="KubeClientException">It has changed since (<see cref="KubeFailure.Conflict"/>), or the request failed.</exception>
    Task<T> ReplaceAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject;

    /// <summary>Applies a JSON Patch or a merge patch in one atomic step and returns the object as stored.</summary>
    /// <remarks>A JSON Patch whose <c>test</c> fails changes nothing and fails with <see cref="KubeFailure.Invalid"/>.</remarks>
    /// <exception cref="KubeClientException">The patch was refused, or the request failed.</exception>
    Task<T> PatchAsync<T>(KubeResource<T> resource, ObjectKey key, KubePatch patch, CancellationToken cancellationToken = default)
        where T : KubeObject;

    /// <summary>Deletes an object, if it still is the one that the preconditions name.</summary>
    /// <exception cref="KubeClientException">A precondition failed (<see cref="KubeFailure.Conflict"/>), or the request failed.</exception>
    Task DeleteAsync<T>(KubeResource<T> resource, ObjectKey key, DeletePreconditions? preconditions = null, CancellationToken cancellationToken = default)
        where T : KubeObject;

    /// <summary>Opens one watch connection and yields its events until the server ends it.</summary>
    /// <remarks>
    /// This is the raw stream of one connection: it ends when the server or the network ends it. An ERROR event, such as an
    /// expired resource version, is thrown (<see cref="KubeFailure.Gone"/>).
    /// </remarks>
    /// <exception cref="KubeClientException">The server refused the watch or sent an ERROR event, or the connection broke.</exception>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(KubeResource<T> resource, string namespaceName, WatchOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject;
}
