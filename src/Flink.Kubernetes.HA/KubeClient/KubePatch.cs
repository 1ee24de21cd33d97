using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient.Model;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>A change to one object that the server applies in one atomic step.</summary>
public sealed class KubePatch
{
    private KubePatch(KubePatchType type, JsonNode document)
    {
        Type = type;
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            ServerJson.Write(writer, document);
        }

        Body = body.WrittenMemory;
    }

    /// <summary>The kind of the patch.</summary>
    public KubePatchType Type { get; }

    /// <summary>The patch as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The media type that the API server expects for it.</summary>
    public string ContentType => Type == KubePatchType.Json ? "application/json-patch+json" : "application/merge-patch+json";

    /// <summary>A JSON Patch: all operations in order, or none when one of them fails.</summary>
    public static KubePatch Json(params IEnumerable<JsonPatchOperation> operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        return new KubePatch(KubePatchType.Json, new JsonArray([.. operations.Select(o => (JsonNode)o.ToJson())]));
    }

    /// <summary>A merge patch: members of the document replace those of the object, <see langword="null"/> removes them.</summary>
    /// <remarks>With <c>metadata.resourceVersion</c> in the document it conflicts unless that is the stored version.</remarks>
    public static KubePatch Merge(JsonObject document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return new KubePatch(KubePatchType.Merge, document);
    }

    /// <summary>Returns the JSON of the patch.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Body.Span);
}
