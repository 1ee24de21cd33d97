using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>A client of the in-memory server, in the name of one user.</summary>
internal sealed class InMemoryKubeClient(ApiOperations operations, string user) : IKubeClient
{
    private volatile bool _disposed;

    public async Task<T> GetAsync<T>(KubeResource<T> resource, ObjectKey key, CancellationToken cancellationToken = default)
        where T : KubeObject =>
        Read(resource, await AskAsync(Call("get", resource, key), operations.Get, cancellationToken).ConfigureAwait(false));

    public async Task<KubeList<T>> ListAsync<T>(KubeResource<T> resource, string namespaceName, ListOptions? options = null, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        var call = CollectionCall("list", resource, namespaceName, options?.FieldSelector);
        var request = new ListRequest(options?.LabelSelector, options?.FieldSelector, options?.Limit, options?.Continue);
        var page = await AskAsync(call, c => operations.List(c, request), cancellationToken).ConfigureAwait(false);
        return new KubeList<T>([.. page.Items.Select(i => Read(resource, i))], page.ResourceVersion, page.Continue);
    }

    public async Task<T> CreateAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        var call = Call("create", resource, KeyOf(resource, item)) with { Name = null };
        var body = Write(resource, item);
        return Read(resource, await AskAsync(call, c => operations.Create(c, body), cancellationToken).ConfigureAwait(false));
    }

    public async Task<T> ReplaceAsync<T>(KubeResource<T> resource, T item, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        var call = Call("update", resource, KeyOf(resource, item));
        var body = Write(resource, item);
        return Read(resource, await AskAsync(call, c => operations.Replace(c, body), cancellationToken).ConfigureAwait(false));
    }

    public async Task<T> PatchAsync<T>(KubeResource<T> resource, ObjectKey key, KubePatch patch, CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(patch);
        return Read(resource, await AskAsync(Call("patch", resource, key), c => operations.Patch(c, patch.Type, patch.Body), cancellationToken).ConfigureAwait(false));
    }

    public Task DeleteAsync<T>(KubeResource<T> resource, ObjectKey key, DeletePreconditions? preconditions = null, CancellationToken cancellationToken = default)
        where T : KubeObject =>
        AskAsync(Call("delete", resource, key), c => operations.Delete(c, preconditions), cancellationToken);

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(KubeResource<T> resource, string namespaceName, WatchOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : KubeObject
    {
        var call = CollectionCall("watch", resource, namespaceName, options?.FieldSelector);
        options ??= new WatchOptions();
        var request = new WatchRequest(options.LabelSelector, options.FieldSelector, options.ResourceVersion, options.Timeout, options.AllowBookmarks);
        using var stream = await AskAsync(call, c => operations.Watch(c, request), cancellationToken).ConfigureAwait(false);
        while (true)
        {
            bool more;
            try
            {
                more = await stream.Messages.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is ApiError or ConnectionBrokenException)
            {
                throw KubeFailures.ToException(call, exception);
            }

            if (!more)
            {
                yield break;
            }

            while (stream.Messages.TryRead(out var message))
            {
                yield return new WatchEvent<T>(message.Type, Read(resource, message));
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _disposed = true;
        return ValueTask.CompletedTask;
    }

    private static T Read<T>(KubeResource<T> resource, StoredObject item)
        where T : KubeObject => JsonSerializer.Deserialize(item.JsonFor(resource.IsMetadataOnly), resource.JsonTypeInfo)!;

    private static T Read<T>(KubeResource<T> resource, WatchMessage message)
        where T : KubeObject =>
        message.Object is { } item
            ? Read(resource, item)
            : JsonSerializer.Deserialize(WatchJson.BookmarkObject(ResourceOf(resource), message.Revision, resource.IsMetadataOnly), resource.JsonTypeInfo)!;

    private static byte[] Write<T>(KubeResource<T> resource, T item)
        where T : KubeObject
    {
        var json = (JsonObject)JsonSerializer.SerializeToNode(item, resource.JsonTypeInfo)!;
        (json["apiVersion"], json["kind"]) = (resource.ApiVersion, resource.Kind);
        return JsonText.ToUtf8(json);
    }

    private static ObjectKey KeyOf<T>(KubeResource<T> resource, T item)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(item);
        return resource.IsMetadataOnly
            ? throw new ArgumentException("An object cannot be written whole by its metadata alone: use the resource itself.", nameof(resource))
            : item.Key;
    }

    private static ApiResource ResourceOf<T>(KubeResource<T> resource)
        where T : KubeObject
    {
        ArgumentNullException.ThrowIfNull(resource);
        return ApiResource.Find(resource.Group, resource.Plural)
            ?? throw new ArgumentException($"The in-memory API server does not know the resource {resource}.", nameof(resource));
    }

    private ApiCall Call<T>(string verb, KubeResource<T> resource, ObjectKey key)
        where T : KubeObject => new(user, verb, ResourceOf(resource), key.Namespace, key.Name);

    private ApiCall CollectionCall<T>(string verb, KubeResource<T> resource, string namespaceName, string? fieldSelector)
        where T : KubeObject =>
        new(user, verb, ResourceOf(resource), string.IsNullOrEmpty(namespaceName) ? null : namespaceName, FieldSelector.NameIn(fieldSelector));

    private async Task<TResult> AskAsync<TResult>(ApiCall call, Func<ApiCall, TResult> operation, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);

        // As over a network, nothing completes on the caller's stack.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return operation(call);
        }
        catch (Exception exception) when (exception is ApiError or ConnectionBrokenException)
        {
            throw KubeFailures.ToException(call, exception);
        }
    }
}
