using System.Globalization;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>A JSON pointer (RFC 6901), read as the real server reads it: what is before the first slash is not looked at.</summary>
internal sealed class JsonPointer
{
    private readonly string _text;
    private readonly string[] _segments;

    private JsonPointer(string text, string[] segments) => (_text, _segments) = (text, segments);

    /// <summary>Whether it is empty and so names the whole document.</summary>
    public bool IsRoot => _text.Length == 0;

    public string Last => _segments[^1];

    public static JsonPointer Parse(string text) => new(text, [.. text.Split('/').Skip(1).Select(Unescape)]);

    /// <summary>The object or array that holds the last segment.</summary>
    public JsonNode Parent(JsonNode? root)
    {
        var node = _segments.Length == 0 ? null : root;
        foreach (var segment in _segments.AsSpan(0, Math.Max(_segments.Length - 1, 0)))
        {
            node = node switch
            {
                JsonObject members => members[segment],
                JsonArray items => items[IndexIn(items, segment)],
                _ => null,
            };
        }

        return node is JsonObject or JsonArray ? node : throw ApiError.PatchRefused($"the parent of \"{_text}\" does not exist");
    }

    /// <summary>The index of an item that is there.</summary>
    public int IndexIn(JsonArray items) => IndexIn(items, Last);

    /// <summary>The index before which an item is put; <c>-</c> is behind the last one.</summary>
    public int InsertionIn(JsonArray items) => Last == "-" ? items.Count : Index(Last, items.Count + 1);

    public override string ToString() => _text;

    private int IndexIn(JsonArray items, string segment) => Index(segment, items.Count);

    // As strconv.Atoi reads it, signs and leading zeros included; a negative one counts from the end.
    private int Index(string segment, int count) =>
        int.TryParse(segment, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index) && index < count && index >= -count
            ? index < 0 ? index + count : index
            : throw ApiError.PatchRefused($"\"{segment}\" in \"{_text}\" is not an index of the array");

    private static string Unescape(string segment) =>
        segment.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
}
