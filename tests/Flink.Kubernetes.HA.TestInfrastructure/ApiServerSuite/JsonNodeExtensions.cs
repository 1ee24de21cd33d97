using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

internal static class JsonNodeExtensions
{
    // The defaults escape more than a server does, and it compares the escapes: see the cases of the test operation.
    private static readonly JsonSerializerOptions FewEscapes = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static string Text(this JsonNode node) => node.ToJsonString(FewEscapes);

    /// <summary>The node at a path such as <c>metadata/labels/app</c>, if it is there.</summary>
    internal static JsonNode? At(this JsonNode? node, string path) =>
        path.Split('/').Aggregate(node, (inner, name) => inner is JsonObject parent ? parent[name] : null);

    internal static string? Text(this JsonNode? node, string path) => node.At(path)?.GetValue<string>();
}
