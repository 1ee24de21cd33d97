using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>JSON nodes from and to UTF-8.</summary>
internal static class JsonText
{
    private static readonly JsonDocumentOptions ReadOptions = new() { AllowDuplicateProperties = false };
    private static readonly JsonWriterOptions WriteOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] ToUtf8(JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, WriteOptions))
        {
            node.WriteTo(writer);
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static JsonNode? Parse(ReadOnlySpan<byte> utf8) => JsonNode.Parse(utf8, nodeOptions: null, ReadOptions);

    public static JsonObject ParseObject(ReadOnlySpan<byte> utf8) => (JsonObject)Parse(utf8)!;

    /// <summary>Reads a request's body.</summary>
    public static JsonNode ParseBody(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return Parse(utf8) ?? throw ApiError.BadRequest("the request body is null");
        }
        catch (JsonException exception)
        {
            throw ApiError.BadRequest($"the request body is not JSON: {exception.Message}");
        }
    }
}
