using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>One operation of a JSON Patch (RFC 6902).</summary>
public sealed class JsonPatchOperation
{
    private readonly string _name;
    private readonly string _path;
    private readonly JsonNode? _value;
    private readonly bool _hasValue;

    private JsonPatchOperation(string name, string path, JsonNode? value, bool hasValue)
    {
        ArgumentNullException.ThrowIfNull(path);
        (_name, _path, _value, _hasValue) = (name, path, value, hasValue);
    }

    /// <summary>Fails the whole patch unless the path holds the value; <see langword="null"/> means that the path must be absent.</summary>
    /// <remarks>Of an absent path the parent must exist; see <see cref="Path"/>.</remarks>
    public static JsonPatchOperation Test(string path, JsonNode? value) => new("test", path, value, hasValue: true);

    /// <summary>Adds the value, or replaces the one at the path; the parent must exist.</summary>
    public static JsonPatchOperation Add(string path, JsonNode value) => new("add", path, value, hasValue: true);

    /// <summary>Replaces the value at the path, which must exist.</summary>
    public static JsonPatchOperation Replace(string path, JsonNode value) => new("replace", path, value, hasValue: true);

    /// <summary>Removes the value at the path, which must exist.</summary>
    public static JsonPatchOperation Remove(string path) => new("remove", path, null, hasValue: false);

    /// <summary>Joins segments to a JSON pointer (RFC 6901), escaping what needs it.</summary>
    public static string Path(params ReadOnlySpan<string> segments)
    {
        var path = new System.Text.StringBuilder();
        foreach (var segment in segments)
        {
            path.Append('/').Append(segment.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
        }

        return path.ToString();
    }

    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["op"] = _name, ["path"] = _path };
        if (_hasValue)
        {
            json["value"] = _value?.DeepClone();
        }

        return json;
    }
}
