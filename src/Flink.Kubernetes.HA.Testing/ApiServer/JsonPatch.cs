using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Applies a JSON Patch (RFC 6902) as the API server does: a <c>test</c> for null also passes on what is absent.</summary>
internal static class JsonPatch
{
    private const int MaxOperations = 10_000;

    /// <summary>Returns the patched document; the one given is changed on the way and must not be used again.</summary>
    public static JsonNode? Apply(JsonNode? document, JsonNode patch)
    {
        if (patch is not JsonArray operations)
        {
            throw ApiError.BadRequest("a JSON Patch is an array of operations");
        }

        if (operations.Count > MaxOperations)
        {
            throw ApiError.TooLarge($"The allowed maximum operations in a JSON patch is {MaxOperations}, got {operations.Count}");
        }

        foreach (var node in operations)
        {
            var operation = node as JsonObject ?? throw ApiError.BadRequest("an operation of a JSON Patch is an object");
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
                return Add(document, path, Value(operation));
            case "remove":
                return Remove(document, path);
            case "replace":
                return Replace(document, path, Value(operation));
            case "move":
                var source = Pointer(operation, "from");
                if (source.IsProperPrefixOf(path))
                {
                    throw ApiError.PatchRefused($"\"{source}\" cannot be moved into itself");
                }

                var moved = Get(document, source);
                return Add(Remove(document, source), path, moved);
            case "copy":
                return Add(document, path, Get(document, Pointer(operation, "from"))?.DeepClone());
            case "test":
                Test(document, path, Value(operation));
                return document;
            case var unknown:
                throw ApiError.PatchRefused($"unexpected kind of operation: \"{unknown}\"");
        }
    }

    private static JsonNode? Add(JsonNode? document, JsonPointer path, JsonNode? value)
    {
        if (path.IsRoot)
        {
            return value;
        }

        switch (path.Parent(document))
        {
            case JsonArray array:
                array.Insert(path.Last == "-" ? array.Count : path.Index(path.Last, array.Count), value);
                break;
            case JsonObject parent:
                parent[path.Last] = value;
                break;
        }

        return document;
    }

    private static JsonNode? Remove(JsonNode? document, JsonPointer path)
    {
        if (path.IsRoot)
        {
            return null;
        }

        switch (path.Parent(document))
        {
            case JsonArray array:
                array.RemoveAt(path.Index(path.Last, array.Count - 1));
                break;
            case JsonObject parent when !parent.Remove(path.Last):
                throw ApiError.PatchRefused($"remove: the path \"{path}\" does not exist");
        }

        return document;
    }

    private static JsonNode? Replace(JsonNode? document, JsonPointer path, JsonNode? value)
    {
        if (path.IsRoot)
        {
            return value;
        }

        switch (path.Parent(document))
        {
            case JsonArray array:
                array[path.Index(path.Last, array.Count - 1)] = value;
                break;
            case JsonObject parent:
                parent[path.Last] = parent.ContainsKey(path.Last) ? value : throw ApiError.PatchRefused($"replace: the path \"{path}\" does not exist");
                break;
        }

        return document;
    }

    private static JsonNode? Get(JsonNode? document, JsonPointer path) => path.IsRoot ? document : path.Parent(document) switch
    {
        JsonArray array => array[path.Index(path.Last, array.Count - 1)],
        JsonObject parent when parent.TryGetPropertyValue(path.Last, out var value) => value,
        _ => throw ApiError.PatchRefused($"the path \"{path}\" does not exist"),
    };

    private static void Test(JsonNode? document, JsonPointer path, JsonNode? expected)
    {
        var actual = !path.IsRoot && path.Parent(document) is JsonObject parent ? parent[path.Last] : Get(document, path);
        if (!JsonNode.DeepEquals(actual, expected))
        {
            throw ApiError.PatchRefused($"testing value {path} failed: test failed");
        }
    }

    private static JsonPointer Pointer(JsonObject operation, string member) => JsonPointer.Parse(Text(operation, member));

    private static string Text(JsonObject operation, string member) =>
        operation[member] is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw ApiError.PatchRefused($"an operation lacks \"{member}\"");

    private static JsonNode? Value(JsonObject operation) =>
        operation.TryGetPropertyValue("value", out var value) ? value?.DeepClone() : throw ApiError.PatchRefused("an operation lacks \"value\"");
}
