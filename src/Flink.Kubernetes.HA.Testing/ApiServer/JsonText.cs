using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>JSON nodes from and to UTF-8, with the escapes of the real server.</summary>
/// <remarks>
/// The escapes are those of Go's encoding/json since Go 1.22. They are part of what the server does: a JSON Patch <c>test</c> compares
/// a text as it is encoded.
/// </remarks>
internal static partial class JsonText
{
    public static byte[] ToUtf8(JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, node);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what this class has written.</summary>
    public static JsonObject ParseObject(ReadOnlySpan<byte> utf8) => (JsonObject)JsonNode.Parse(utf8)!;

    /// <summary>Reads a request's body: of members of one name the last counts, and a half of a surrogate pair is U+FFFD.</summary>
    /// <param name="utf8">The body.</param>
    /// <param name="what">What the server says that it did, such as <c>error decoding patch</c>.</param>
    public static JsonNode? ParseBody(ReadOnlyMemory<byte> utf8, string what)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8);
            return ToNode(document.RootElement);
        }
        catch (JsonException exception)
        {
            throw ApiError.BadRequest($"{what}: {exception.Message}");
        }
    }

    /// <summary>A string, number or boolean as it is encoded; of one that was read, the very text that was read.</summary>
    public static string Encode(JsonValue value) =>
        value.TryGetValue<JsonElement>(out var element) ? element.GetRawText()
        : value.TryGetValue<string>(out var text) ? Quote(text)
        : value.ToJsonString();

    private static JsonNode? ToNode(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.Object:
                var members = new JsonObject();
                foreach (var member in element.EnumerateObject())
                {
                    members[member.Name] = ToNode(member.Value);
                }

                return members;
            case JsonValueKind.Array:
                return new JsonArray([.. element.EnumerateArray().Select(ToNode)]);
            case JsonValueKind.String when element.GetRawText() is var text && text.Contains(@"\ud", StringComparison.OrdinalIgnoreCase):
                return JsonNode.Parse(LoneSurrogate().Replace(text, @"\ufffd"));
            default:
                return JsonValue.Create(element.Clone());
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case null:
                writer.WriteNullValue();
                break;
            case JsonObject members:
                writer.WriteStartObject();
                foreach (var (name, value) in members)
                {
                    writer.WritePropertyName(name);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray items:
                writer.WriteStartArray();
                foreach (var item in items)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case JsonValue value when value.TryGetValue<string>(out var text):
                writer.WriteRawValue(Quote(text), skipInputValidation: true);
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }

    private static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 16).Append('"');
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' or '\\' => quoted.Append('\\').Append((char)rune.Value),
                '\b' => quoted.Append("\\b"),
                '\f' => quoted.Append("\\f"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < 0x20 or '<' or '>' or '&' or 0x2028 or 0x2029 => quoted.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                _ => quoted.Append(rune),
            };
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(
        @"(?<=(?<!\\)(?:\\\\)*)(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})")]
    private static partial Regex LoneSurrogate();
}
