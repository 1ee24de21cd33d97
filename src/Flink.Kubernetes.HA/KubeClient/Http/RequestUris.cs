using System.Globalization;
using System.Text;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Where things lie in the REST API of one server.</summary>
internal sealed class RequestUris(Uri server)
{
    // The server's URL may have a path of its own, as behind Rancher.
    private readonly string _server = server.GetLeftPart(UriPartial.Path).TrimEnd('/');

    public Uri Item<T>(KubeResource<T> resource, ObjectKey key)
        where T : KubeObject
    {
        ResourceNames.ThrowIfInvalid(key.Namespace, "namespace", nameof(key));
        ResourceNames.ThrowIfInvalid(key.Name, "name", nameof(key));
        return new Uri(Path(resource, key.Namespace).Append('/').Append(Uri.EscapeDataString(key.Name)).ToString());
    }

    public Uri Collection<T>(KubeResource<T> resource, string namespaceName)
        where T : KubeObject
    {
        ResourceNames.ThrowIfInvalid(namespaceName, "namespace", nameof(namespaceName));
        return new Uri(Path(resource, namespaceName).ToString());
    }

    public Uri List<T>(KubeResource<T> resource, string namespaceName, ListOptions options)
        where T : KubeObject
    {
        if (options.Limit is <= 0)
        {
            throw new ArgumentException($"{nameof(ListOptions)}.{nameof(ListOptions.Limit)} is {options.Limit}: use a positive number, or null for no limit.", nameof(options));
        }

        return WithQuery(
            Collection(resource, namespaceName),
            ("labelSelector", options.LabelSelector),
            ("fieldSelector", options.FieldSelector),
            ("limit", options.Limit?.ToString(CultureInfo.InvariantCulture)),
            ("continue", options.Continue));
    }

    public Uri Watch<T>(KubeResource<T> resource, string namespaceName, WatchOptions options)
        where T : KubeObject
    {
        if (options.Timeout is { } timeout && timeout <= TimeSpan.Zero)
        {
            throw new ArgumentException($"{nameof(WatchOptions)}.{nameof(WatchOptions.Timeout)} is {timeout}: use a positive time, or null to let the server choose.", nameof(options));
        }

        return WithQuery(
            Collection(resource, namespaceName),
            ("watch", "true"),
            ("labelSelector", options.LabelSelector),
            ("fieldSelector", options.FieldSelector),
            ("resourceVersion", options.ResourceVersion),
            // To the server 0 means "choose", so a part of a second is sent as a whole one.
            ("timeoutSeconds", options.Timeout is { } limit ? ((long)Math.Max(1, limit.TotalSeconds)).ToString(CultureInfo.InvariantCulture) : null),
            ("allowWatchBookmarks", options.AllowBookmarks ? "true" : null));
    }

    private StringBuilder Path<T>(KubeResource<T> resource, string namespaceName)
        where T : KubeObject
    {
        var path = new StringBuilder(_server);
        path.Append(resource.Group.Length == 0 ? "/api/" : "/apis/").Append(resource.ApiVersion);
        return path.Append("/namespaces/").Append(Uri.EscapeDataString(namespaceName)).Append('/').Append(resource.Plural);
    }

    private static Uri WithQuery(Uri uri, params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var text = new StringBuilder(uri.AbsoluteUri);
        var separator = '?';
        foreach (var (name, value) in parameters)
        {
            if (!string.IsNullOrEmpty(value))
            {
                text.Append(separator).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                separator = '&';
            }
        }

        return new Uri(text.ToString());
    }
}
