using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>What kubectl asks before it does anything: the version, the groups and the resources.</summary>
internal static class Discovery
{
    private static readonly string[] Verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    private static readonly Dictionary<string, byte[]> Found =
        Documents().Concat(OpenApi.Documents()).ToDictionary(d => d.Path, d => JsonText.ToUtf8(d.Document), StringComparer.Ordinal);

    public static byte[]? Find(string? path) => Found.GetValueOrDefault((path ?? string.Empty).TrimEnd('/'));

    private static IEnumerable<(string Path, JsonNode Document)> Documents()
    {
        yield return ("/version", new JsonObject { ["major"] = "1", ["minor"] = "20", ["gitVersion"] = "v1.20.0-in-memory", ["platform"] = "dotnet" });
        foreach (var health in new[] { "/healthz", "/livez", "/readyz" })
        {
            yield return (health, JsonValue.Create("ok"));
        }

        yield return ("/api", new JsonObject { ["kind"] = "APIVersions", ["versions"] = new JsonArray("v1") });
        yield return ("/api/v1", Resources(string.Empty));
        var groups = ApiResource.All.Select(r => r.Group).Where(g => g.Length > 0).Distinct().ToList();
        yield return ("/apis", new JsonObject { ["kind"] = "APIGroupList", ["apiVersion"] = "v1", ["groups"] = new JsonArray([.. groups.Select(Group)]) });
        foreach (var group in groups)
        {
            yield return ($"/apis/{group}", Group(group));
            yield return ($"/apis/{group}/v1", Resources(group));
        }
    }

    private static JsonObject Group(string group)
    {
        JsonObject Version() => new() { ["groupVersion"] = $"{group}/v1", ["version"] = "v1" };
        return new JsonObject
        {
            ["kind"] = "APIGroup",
            ["apiVersion"] = "v1",
            ["name"] = group,
            ["versions"] = new JsonArray(Version()),
            ["preferredVersion"] = Version(),
        };
    }

    private static JsonObject Resources(string group) => new()
    {
        ["kind"] = "APIResourceList",
        ["apiVersion"] = "v1",
        ["groupVersion"] = group.Length == 0 ? "v1" : $"{group}/v1",
        ["resources"] = new JsonArray([.. ApiResource.All.Where(r => r.Group == group).SelectMany(ResourceAndStatus)]),
    };

    private static IEnumerable<JsonNode> ResourceAndStatus(ApiResource resource)
    {
        yield return Resource(resource);
        if (resource.HasStatus)
        {
            yield return new JsonObject
            {
                ["name"] = $"{resource.Plural}/status",
                ["singularName"] = string.Empty,
                ["namespaced"] = true,
                ["kind"] = resource.Kind,
                ["verbs"] = new JsonArray("get", "patch", "update"),
            };
        }
    }

    private static JsonObject Resource(ApiResource resource) => new()
    {
        ["name"] = resource.Plural,
        ["singularName"] = resource.Kind.ToLowerInvariant(),
        ["namespaced"] = true,
        ["kind"] = resource.Kind,
        ["verbs"] = new JsonArray([.. Verbs.Select(v => (JsonNode)v)]),
        ["shortNames"] = resource.ShortName.Length == 0 ? [] : new JsonArray(resource.ShortName),
    };
}
