namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Turns the operations of the seam into requests; hostile or missing names are refused here.</summary>
internal sealed class KubeRequests(Uri server)
{
    private readonly RequestUris _uris = new(server);

    public KubeRequest Get<T>(KubeResource<T> resource, ObjectKey key)
        where T : KubeObject => Of("get", HttpMethod.Get, resource, _uris.Item(resource, key), key.Namespace, key.Name);

    public KubeRequest List<T>(KubeResource<T> resource, string namespaceName, ListOptions? options)
        where T : KubeObject =>
        Of("list", HttpMethod.Get, resource, _uris.List(resource, namespaceName, options ?? new ListOptions()), namespaceName) with
        {
            Accept = resource.IsMetadataOnly ? MediaTypes.MetadataList : MediaTypes.Json,
        };

    public KubeRequest Watch<T>(KubeResource<T> resource, string namespaceName, WatchOptions? options)
        where T : KubeObject =>
        Of("watch", HttpMethod.Get, resource, _uris.Watch(resource, namespaceName, options ?? new WatchOptions()), namespaceName);

    public KubeRequest Create<T>(KubeResource<T> resource, T item)
        where T : KubeObject
    {
        ThrowIfMetadataOnly(resource);
        ResourceNames.ThrowIfInvalid(item.Metadata.Name, "name", nameof(item));
        var uri = _uris.Collection(resource, item.Key.Namespace);
        return Of("create", HttpMethod.Post, resource, uri, item.Key.Namespace, item.Key.Name) with
        {
            Body = KubeJson.Write(resource, item),
            ContentType = MediaTypes.Json,
        };
    }

    public KubeRequest Replace<T>(KubeResource<T> resource, T item)
        where T : KubeObject
    {
        ThrowIfMetadataOnly(resource);
        return Of("update", HttpMethod.Put, resource, _uris.Item(resource, item.Key), item.Key.Namespace, item.Key.Name) with
        {
            Body = KubeJson.Write(resource, item),
            ContentType = MediaTypes.Json,
        };
    }

    public KubeRequest Patch<T>(KubeResource<T> resource, ObjectKey key, KubePatch patch)
        where T : KubeObject =>
        Of("patch", HttpMethod.Patch, resource, _uris.Item(resource, key), key.Namespace, key.Name) with
        {
            Body = patch.Body,
            ContentType = patch.ContentType,
        };

    // It has a body also where nothing is to be said: the runtime repeats a request without a body by itself when a pooled
    // connection breaks, and the repetition of a delete that took effect would answer "not found".
    public KubeRequest Delete<T>(KubeResource<T> resource, ObjectKey key, DeletePreconditions? preconditions)
        where T : KubeObject =>
        Of("delete", HttpMethod.Delete, resource, _uris.Item(resource, key), key.Namespace, key.Name) with
        {
            Accept = MediaTypes.Json,
            Body = KubeJson.WriteDeleteOptions(preconditions),
            ContentType = MediaTypes.Json,
        };

    private static KubeRequest Of<T>(string verb, HttpMethod method, KubeResource<T> resource, Uri uri, string namespaceName, string? name = null)
        where T : KubeObject => new()
        {
            Verb = verb,
            Method = method,
            Uri = uri,
            Group = resource.Group,
            Plural = resource.Plural,
            Namespace = namespaceName,
            Name = name,
            Accept = resource.IsMetadataOnly ? MediaTypes.Metadata : MediaTypes.Json,
        };

    private static void ThrowIfMetadataOnly<T>(KubeResource<T> resource)
        where T : KubeObject
    {
        if (resource.IsMetadataOnly)
        {
            throw new ArgumentException($"{resource} is asked for as metadata only and can't be created or replaced so: the content would be lost. Use the full resource, or a patch.", nameof(resource));
        }
    }
}
