using System.Text.Json;
using Flink.Kubernetes.HA.Testing.Http;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>What faults see of a request.</summary>
internal sealed record RequestedCall(string Verb, string Resource, string? Namespace, string? Name)
{
    /// <summary>Reads it from the URL; of a create the name from its body, which can be sent all the same.</summary>
    public static async Task<RequestedCall> ReadAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var uri = request.RequestUri!;
        var query = new RestQuery(uri.Query);
        if (RestPath.Parse(uri.AbsolutePath) is not { } path || path.Verb(request.Method.Method, query) is not { } verb)
        {
            // Not of the API, such as /version: RBAC knows these by their method and path too.
            return new RequestedCall(request.Method.Method.ToLowerInvariant(), uri.AbsolutePath, null, null);
        }

        var name = path.Name
            ?? (verb == "create" ? await NameInAsync(request.Content, cancellationToken).ConfigureAwait(false) : query.SelectedName);
        return new RequestedCall(verb, path.Resource, path.Namespace, name);
    }

    public bool IsAbout(string? verb, string? resource, string? name) =>
        (verb is null || verb == Verb) && (resource is null || resource == Resource) && (name is null || name == Name);

    private static async Task<string?> NameInAsync(HttpContent? content, CancellationToken cancellationToken)
    {
        if (content is null)
        {
            return null;
        }

        await content.LoadIntoBufferAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var body = JsonDocument.Parse(await content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false));
            return body.RootElement.ValueKind == JsonValueKind.Object
                && body.RootElement.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
                && metadata.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String
                ? name.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
