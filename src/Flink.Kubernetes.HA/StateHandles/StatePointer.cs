using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The value of an entry: JSON <c>{v, key, size, sha256}</c>, and <c>adopted</c> where the data belongs to another ConfigMap.</summary>
/// <remarks>
/// Unknown members are ignored, and one version more than the one that is written is read: while a new version of this library is rolled out,
/// processes of both versions lead in turn, and the newer one writes the older form until all have been replaced.
/// </remarks>
/// <param name="State">The data.</param>
/// <param name="IsAdopted">Whether the data belongs to another ConfigMap: it is read, and never deleted.</param>
internal sealed record StatePointer(StoredState State, bool IsAdopted = false)
{
    private const int WrittenVersion = 1;
    private const int NewestVersion = 2;

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
        if (version is < WrittenVersion or > NewestVersion)
        {
            throw new FormatException($"it has version {version}, and this version of the library reads {WrittenVersion} to {NewestVersion}");
        }

        var key = StateKey.TryCreate(Text(fields, "key")) ?? throw new FormatException("its \"key\" is not a valid key of data");
        var size = Number(fields, "size");
        var sha256 = Text(fields, "sha256");
        if (size < 0 || sha256.Length != 64 || !sha256.All(char.IsAsciiHexDigitLower))
        {
            throw new FormatException("its \"size\" is negative or its \"sha256\" is not 64 lower-case hexadecimal digits");
        }

        return new StatePointer(new StoredState(key, size, sha256), fields["adopted"] is JsonValue adopted && adopted.TryGetValue(out bool isAdopted) && isAdopted);
    }

    public string Write()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Plain))
        {
            writer.WriteStartObject();
            writer.WriteNumber("v", WrittenVersion);
            writer.WriteString("key", State.Key.Value);
            writer.WriteNumber("size", State.Size);
            writer.WriteString("sha256", State.Sha256);
            if (IsAdopted)
            {
                writer.WriteBoolean("adopted", true);
            }

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
