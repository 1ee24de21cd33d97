using System.Globalization;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>One stored version of an object: immutable UTF-8 JSON and what selectors need of it.</summary>
internal sealed class StoredObject
{
    private readonly Lazy<byte[]> _metadataJson;

    private StoredObject(JsonObject json, long revision)
    {
        var metadata = json["metadata"]!.AsObject();
        metadata["resourceVersion"] = ResourceVersion = revision.ToString(CultureInfo.InvariantCulture);
        Revision = revision;
        Key = new NamespacedName((string)metadata["namespace"]!, (string)metadata["name"]!);
        Uid = (string)metadata["uid"]!;
        Labels = metadata["labels"] is JsonObject labels
            ? labels.ToDictionary(l => l.Key, l => (string)l.Value!, StringComparer.Ordinal)
            : new Dictionary<string, string>(StringComparer.Ordinal);
        Json = JsonText.ToUtf8(json);
        _metadataJson = new Lazy<byte[]>(ToMetadataOnly);
    }

    public NamespacedName Key { get; }

    public string Uid { get; }

    public long Revision { get; }

    public string ResourceVersion { get; }

    public IReadOnlyDictionary<string, string> Labels { get; }

    public byte[] Json { get; }

    public byte[] MetadataJson => _metadataJson.Value;

    public static StoredObject Create(JsonObject json, long revision) => new(json, revision);

    public JsonObject ToNode() => JsonText.ParseObject(Json);

    public byte[] JsonFor(bool metadataOnly) => metadataOnly ? MetadataJson : Json;

    /// <summary>The same content at another revision, as a DELETED event shows it.</summary>
    public StoredObject At(long revision) => new(ToNode(), revision);

    private byte[] ToMetadataOnly() => JsonText.ToUtf8(new JsonObject
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = "meta.k8s.io/v1",
        ["metadata"] = ToNode()["metadata"]!.DeepClone(),
    });
}

/// <summary>What tells an object from the others of its kind.</summary>
internal readonly record struct NamespacedName(string Namespace, string Name);
