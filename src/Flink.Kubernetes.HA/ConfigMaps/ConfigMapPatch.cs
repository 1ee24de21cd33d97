using System.Buffers;
using System.Text.Json.Nodes;
using System.Text.Json;
using System.Text;
using k8s.Models;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>A change to one ConfigMap that the API server applies in one atomic step.</summary>
internal sealed class ConfigMapPatch
{
    private const string JsonPatch = "application/json-patch+json";
    private const string MergePatch = "application/merge-patch+json";
    private const int LargestBufferKept = 64 << 10;

    // A leader renews its lock every few seconds: without a buffer to reuse, each renewal would allocate three times as much.
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer)? _reusable;

    private ConfigMapPatch(string type, byte[] utf8) => (Type, Utf8) = (type, utf8);

    /// <summary>The media type.</summary>
    public string Type { get; }

    /// <summary>The patch as it is sent: JSON with the escapes that the server compares.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    /// <summary>The same as text.</summary>
    public string Json => Encoding.UTF8.GetString(Utf8.Span);

    /// <summary>The patch as the official client sends it.</summary>
#pragma warning disable RS0030 // A string is sent unchanged; any other object would be escaped differently from what the server compares.
    public V1Patch Body => new(Json, Type == MergePatch ? V1Patch.PatchType.MergePatch : V1Patch.PatchType.JsonPatch);
#pragma warning restore RS0030

    /// <summary>Creates a merge patch.</summary>
    public static ConfigMapPatch Merge(JsonObject members) => new(MergePatch, Encoding.UTF8.GetBytes(members.ToJsonString()));

    /// <summary>Creates a JSON Patch (RFC 6902): all operations are applied in order, or none if one of them fails.</summary>
    public static ConfigMapPatch Operations(params IEnumerable<PatchOperation> operations) => Write(
        JsonPatch,
        operations,
        static (writer, operations) =>
        {
            writer.WriteStartArray();
            foreach (var operation in operations)
            {
                operation.WriteTo(writer);
            }

            writer.WriteEndArray();
        });

    /// <summary>Creates a merge patch that takes effect only on this version of the object; a value of <see langword="null"/> removes a
    /// member.</summary>
    public static ConfigMapPatch MergeAt(
        string resourceVersion,
        IEnumerable<KeyValuePair<string, string?>> labels,
        IEnumerable<KeyValuePair<string, string?>> annotations,
        IEnumerable<KeyValuePair<string, string?>> data)
    {
        // The server takes an empty version for any version.
        ArgumentException.ThrowIfNullOrEmpty(resourceVersion);
        return Write(
            MergePatch,
            (resourceVersion, labels, annotations, data),
            static (writer, members) =>
            {
                writer.WriteStartObject();
                writer.WriteStartObject("metadata");
                writer.WriteString("resourceVersion", members.resourceVersion);
                WriteMembers(writer, "labels", members.labels);
                WriteMembers(writer, "annotations", members.annotations);
                writer.WriteEndObject();
                if (members.data.Any())
                {
                    WriteMembers(writer, "data", members.data);
                }

                writer.WriteEndObject();
            });
    }

    /// <summary>Returns the JSON of the patch.</summary>
    public override string ToString() => Json;

    private static ConfigMapPatch Write<T>(string type, T content, Action<Utf8JsonWriter, T> write)
    {
        var (buffer, writer) = _reusable ?? Create();

        // Taken until the end: what follows may fail, or create another patch.
        _reusable = null;
        write(writer, content);
        writer.Flush();
        var utf8 = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity <= LargestBufferKept)
        {
            buffer.ResetWrittenCount();
            writer.Reset();
            _reusable = (buffer, writer);
        }

        return new ConfigMapPatch(type, utf8);

        static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer) Create()
        {
            var buffer = new ArrayBufferWriter<byte>(8 << 10);
            return (buffer, new Utf8JsonWriter(buffer, GoJsonEncoder.WriterOptions));
        }
    }

    private static void WriteMembers(Utf8JsonWriter writer, string name, IEnumerable<KeyValuePair<string, string?>> members)
    {
        writer.WriteStartObject(name);
        foreach (var (key, value) in members)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }
}

/// <summary>One operation of a JSON Patch on text.</summary>
internal readonly record struct PatchOperation(string Name, string Path, string? Value)
{
    /// <summary>Fails the entire patch unless the value is stored at the path; <see langword="null"/> means that the path must be absent.</summary>
    /// <remarks>The parent of an absent path must exist.</remarks>
    public static PatchOperation Test(string path, string? value) => new("test", path, value);

    /// <summary>Adds the value, or replaces the one at the path; the parent must exist.</summary>
    public static PatchOperation Add(string path, string value) => new("add", path, value);

    /// <summary>Removes the value at the path, which must exist.</summary>
    public static PatchOperation Remove(string path) => new("remove", path, null);

    /// <summary>Joins segments to a JSON pointer (RFC 6901).</summary>
    public static string PathOf(params ReadOnlySpan<string> segments)
    {
        var path = new StringBuilder();
        foreach (var segment in segments)
        {
            path.Append('/').Append(segment.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
        }

        return path.ToString();
    }

    public void WriteTo(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("op", Name);
        writer.WriteString("path", Path);
        if (Name != "remove")
        {
            writer.WriteString("value", Value);
        }

        writer.WriteEndObject();
    }
}
