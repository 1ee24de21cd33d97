using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>The requests for one kind in one namespace, as JSON.</summary>
internal sealed record RawRequests(
    ApiServerClient Client, ResourceKind Kind, string Namespace, CancellationToken Token, string Accept = ApiServerClient.Json)
{
    internal Task<JsonObject> GetAsync(string name) => SendAsync(HttpMethod.Get, name);

    internal Task<JsonObject> ListAsync(ListQuery? query = null) => Client.SendAsync(
        HttpMethod.Get, Kind.Path(Namespace) + query, Token, accept: Accept.Replace("Metadata;", "MetadataList;", StringComparison.Ordinal));

    internal Task<JsonObject> CreateAsync(JsonObject item) => SendAsync(HttpMethod.Post, null, item.Text());

    /// <summary>Creates the smallest object of the kind, with its own name as the label <c>app</c>.</summary>
    internal Task<JsonObject> CreateAsync(string name)
    {
        var item = Kind.New(name);
        item["metadata"]!["labels"] = new JsonObject { ["app"] = name };
        return CreateAsync(item);
    }

    internal Task<JsonObject> ReplaceAsync(JsonObject item) => SendAsync(HttpMethod.Put, item.Text("metadata/name"), item.Text());

    internal Task<JsonObject> PatchAsync(string name, params string[] operations) => SendPatchAsync(name, $"[{string.Join(',', operations)}]");

    internal Task<JsonObject> SendPatchAsync(string name, string patch) => SendAsync(HttpMethod.Patch, name, patch, ApiServerClient.JsonPatch);

    internal Task<JsonObject> MergeAsync(string name, string patch) => SendAsync(HttpMethod.Patch, name, patch, ApiServerClient.MergePatch);

    internal Task<JsonObject> DeleteAsync(string name, string? options = null) => SendAsync(HttpMethod.Delete, name, options);

    internal Task<WatchReader> WatchAsync(WatchQuery? query = null) =>
        Client.WatchAsync(Kind.Path(Namespace) + (query ?? new WatchQuery()), Token, Accept);

    internal Task<JsonObject> SendAsync(HttpMethod method, string? name, string? body = null, string contentType = ApiServerClient.Json) =>
        Client.SendAsync(method, Kind.Path(Namespace, name), Token, body, contentType, Accept);
}
