using System.Globalization;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>A JSON pointer (RFC 6901).</summary>
internal sealed class JsonPointer
{
    private readonly string _text;

    private JsonPointer(string text, string[] segments) => (_text, Segments) = (text, segments);

    public string[] Segments { get; }

    public bool IsRoot => Segments.Length == 0;

    public string Last => Segments[^1];

    public static JsonPointer Parse(string text)
    {
        if (text.Length > 0 && text[0] != '/')
        {
            throw ApiError.PatchRefused($"the path \"{text}\" does not begin with a slash");
        }

        return new JsonPointer(text, [.. text.Split('/').Skip(1).Select(Unescape)]);
    }

    public bool IsProperPrefixOf(JsonPointer other) =>
        Segments.Length < other.Segments.Length && other.Segments.AsSpan(0, Segments.Length).SequenceEqual(Segments);

    /// <summary>The object or array that holds the last segment.</summary>
    public JsonNode Parent(JsonNode? root)
    {
        var node = root;
        foreach (var segment in Segments.AsSpan(0, Segments.Length - 1))
        {
            node = node switch
            {
                JsonObject member => member[segment],
                JsonArray array => array[Index(segment, array.Count - 1)],
                _ => null,
            };
        }

        return node is JsonObject or JsonArray ? node : throw ApiError.PatchRefused($"the parent of \"{_text}\" does not exist");
    }

    /// <summary>An index of an array; at most the limit.</summary>
    public int Index(string segment, int limit)
    {
        var wellFormed = segment.Length > 0 && segment.All(char.IsAsciiDigit) && (segment.Length == 1 || segment[0] != '0');
        return wellFormed && int.TryParse(segment, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= limit
            ? index
            : throw ApiError.PatchRefused($"\"{segment}\" in \"{_text}\" is not an index of the array");
    }

    public override string ToString() => _text;

    private static string Unescape(string segment) =>
        segment.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
