using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using System.Text.Json;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The value of an entry: JSON <c>{v, key, location, size, sha256, state}</c>. Unknown members are ignored, unknown versions are
/// refused.</summary>
internal sealed record StatePointer(StoredState State, bool IsDeleting)
{
    private const int Version = 1;
    private const string Live = "live";
    private const string Deleting = "deleting";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="FormatException">The text is not a pointer; the message says why.</exception>
    public static StatePointer Parse(string text)
    {
        JsonObject fields;
        try
        {
            fields = JsonNode.Parse(text) as JsonObject ?? throw new FormatException("it is not a JSON object");
            _ = fields.Count;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new FormatException("it is not JSON", exception);
        }

        var version = Number(fields, "v");
        if (version != Version)
        {
            throw new FormatException($"it has version {version}, and this version of the library reads {Version}");
        }

        var key = StateKey.TryCreate(Text(fields, "key")) ?? throw new FormatException("its \"key\" is not a valid key of data");
        var size = Number(fields, "size");
        var sha256 = Text(fields, "sha256");
        if (size < 0 || sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigitLower))
        {
            throw new FormatException("its \"size\" is negative or its \"sha256\" is not 64 lower-case hexadecimal digits");
        }

        var isDeleting = Text(fields, "state") switch
        {
            Live => false,
            Deleting => true,
            var other => throw new FormatException($"its \"state\" is \"{other}\", neither {Live} nor {Deleting}"),
        };
        return new StatePointer(new StoredState(key, size, sha256, Text(fields, "location")), isDeleting);
    }

    public string Write()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            writer.WriteStartObject();
            writer.WriteNumber("v", Version);
            writer.WriteString("key", State.Key.Value);
            writer.WriteString("location", State.Location);
            writer.WriteNumber("size", State.Size);
            writer.WriteString("sha256", State.Sha256);
            writer.WriteString("state", IsDeleting ? Deleting : Live);
            writer.WriteEndObject();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static string Text(JsonObject fields, string name) =>
        fields[name] is JsonValue value && value.TryGetValue(out string? text) ? text : throw new FormatException($"it has no text \"{name}\"");

    private static long Number(JsonObject fields, string name) =>
        fields[name] is JsonValue value && value.TryGetValue(out long number) ? number : throw new FormatException(
            $"it has no whole number \"{name}\"");
}
