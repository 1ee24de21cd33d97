using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Applies a JSON Patch (RFC 6902) as the API server does, which is milder than the RFC here and stricter there.</summary>
/// <remarks>
/// A member that is absent is null to <c>test</c>, <c>copy</c> and <c>replace</c>, but not to <c>remove</c> and <c>move</c>; its parent must
/// exist. A <c>value</c> that is absent is null. Strings and numbers are equal when they are encoded alike.
/// </remarks>
internal static class JsonPatch
{
    private const int MaxOperations = 10_000;

    /// <summary>Returns the patched document; the one given is changed on the way and must not be used again.</summary>
    public static JsonNode? Apply(JsonNode? document, JsonNode? patch)
    {
        if (patch is null)
        {
            return document;
        }

        var operations = patch as JsonArray ?? throw ApiError.BadRequest("error decoding patch: a JSON Patch is an array of operations");
        if (operations.Count > MaxOperations)
        {
            throw ApiError.TooLarge($"The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}");
        }

        foreach (var node in operations)
        {
            // For Go a null is an operation without members, and anything else is no operation.
            var operation = node is null ? [] : node as JsonObject ?? throw ApiError.BadRequest("error decoding patch: an operation of a JSON Patch is an object");
            document = Apply(document, operation);
        }

        return document;
    }

    private static JsonNode? Apply(JsonNode? document, JsonObject operation)
    {
        var path = Pointer(operation, "path");
        switch (Text(operation, "op"))
        {
            case "add":
                Add(document, path, Value(operation));
                break;
            case "remove":
                Remove(document, path);
                break;
            case "replace" when path.IsRoot:
                return Value(operation);
            case "replace":
                Replace(document, path, Value(operation));
                break;
            case "move":
                var source = Pointer(operation, "from");
                var moved = Get(document, source);
                Remove(document, source);
                Add(document, path, moved);
                break;
            case "copy":
                Add(document, path, Get(document, Pointer(operation, "from"))?.DeepClone());
                break;
            case "test" when !AreEqual(path.IsRoot ? document : Get(document, path), Value(operation)):
                throw ApiError.PatchRefused($"testing value {path} failed: test failed");
            case "test":
                break;
            case var unknown:
                throw ApiError.PatchRefused($"unexpected kind of operation: \"{unknown}\"");
        }

        return document;
    }

    private static void Add(JsonNode? document, JsonPointer path, JsonNode? value)
    {
        if (path.Parent(document) is JsonArray items)
        {
            items.Insert(path.InsertionIn(items), value);
        }
        else
        {
            path.Parent(document)[path.Last] = value;
        }
    }

    private static void Remove(JsonNode? document, JsonPointer path)
    {
        switch (path.Parent(document))
        {
            case JsonArray items:
                items.RemoveAt(path.IndexIn(items));
                break;
            case JsonObject members when !members.Remove(path.Last):
                throw ApiError.PatchRefused($"the path \"{path}\" does not exist");
        }
    }

    private static void Replace(JsonNode? document, JsonPointer path, JsonNode? value)
    {
        if (path.Parent(document) is JsonArray items)
        {
            items[path.IndexIn(items)] = value;
        }
        else
        {
            path.Parent(document)[path.Last] = value;
        }
    }

    private static JsonNode? Get(JsonNode? document, JsonPointer path) =>
        path.Parent(document) is JsonArray items ? items[path.IndexIn(items)] : path.Parent(document)[path.Last];

    private static bool AreEqual(JsonNode? actual, JsonNode? expected) => (actual, expected) switch
    {
        (null, null) => true,
        (JsonObject x, JsonObject y) => x.Count == y.Count && x.All(member => y.TryGetPropertyValue(member.Key, out var other) && AreEqual(member.Value, other)),
        (JsonArray x, JsonArray y) => x.Count == y.Count && x.Zip(y).All(pair => AreEqual(pair.First, pair.Second)),
        (JsonValue x, JsonValue y) => JsonText.Encode(x) == JsonText.Encode(y),
        _ => false,
    };

    private static JsonPointer Pointer(JsonObject operation, string member) => JsonPointer.Parse(Text(operation, member));

    private static string Text(JsonObject operation, string member) =>
        operation[member] is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw ApiError.PatchRefused($"an operation lacks \"{member}\"");

    private static JsonNode? Value(JsonObject operation) => operation["value"]?.DeepClone();
}
