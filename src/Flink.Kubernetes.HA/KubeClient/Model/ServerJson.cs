using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.KubeClient.Model;

/// <summary>Writes JSON with the very escapes that the API server uses.</summary>
/// <remarks>
/// The server compares the value of a <c>test</c> with the object's as encoded bytes, not as decoded text: a quote as
/// <c>\u0022</c> or a <c>&lt;</c> that is not <c>\u003c</c> fails a test of equal text. The escapes are those of Go's
/// encoding/json. Servers built with Go 1.22 or later write backspace and form feed as <c>\b</c> and <c>\f</c>: text
/// with these two cannot be tested on all versions.
/// </remarks>
internal static class ServerJson
{
    public static void Write(Utf8JsonWriter writer, JsonNode? node)
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
                writer.WriteRawValue(Encode(text), skipInputValidation: true);
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }

    private static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length + 16).Append('"');
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '"' or '\\':
                    encoded.Append('\\').Append((char)rune.Value);
                    break;
                case '\n':
                    encoded.Append("\\n");
                    break;
                case '\r':
                    encoded.Append("\\r");
                    break;
                case '\t':
                    encoded.Append("\\t");
                    break;
                case < 0x20 or '<' or '>' or '&' or 0x2028 or 0x2029:
                    encoded.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
                    break;
                default:
                    encoded.Append(rune);
                    break;
            }
        }

        return encoded.Append('"').ToString();
    }
}
