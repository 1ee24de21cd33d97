using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>The little of OpenAPI from which kubectl learns that the server checks fields itself, so that it need not.</summary>
internal static class OpenApi
{
    public static IEnumerable<(string Path, JsonNode Document)> Documents()
    {
        var versions = ApiResource.All.GroupBy(r => r.Group.Length == 0 ? "api/v1" : $"apis/{r.Group}/v1").ToList();
        yield return ("/openapi/v3", new JsonObject
        {
            ["paths"] = Object(versions.Select(v => (v.Key, (JsonNode)new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{v.Key}?hash=1" }))),
        });
        foreach (var version in versions)
        {
            yield return ($"/openapi/v3/{version.Key}", new JsonObject
            {
                ["openapi"] = "3.0.0",
                ["info"] = new JsonObject { ["title"] = "Kubernetes", ["version"] = "v1" },
                ["paths"] = Object(version.Select(r => ($"/{version.Key}/namespaces/{{namespace}}/{r.Plural}/{{name}}", (JsonNode)Patch(r)))),
            });
        }
    }

    private static JsonObject Patch(ApiResource resource) => new JsonObject
    {
        ["patch"] = new JsonObject
        {
            ["parameters"] = new JsonArray(new JsonObject { ["name"] = "fieldValidation", ["in"] = "query" }),
            ["responses"] = new JsonObject(),
            ["x-kubernetes-group-version-kind"] = new JsonObject { ["group"] = resource.Group, ["version"] = "v1", ["kind"] = resource.Kind },
        },
    };

    private static JsonObject Object(IEnumerable<(string Name, JsonNode Value)> members)
    {
        var result = new JsonObject();
        foreach (var (name, value) in members)
        {
            result[name] = value;
        }

        return result;
    }
}
