using System.Text.Json.Serialization.Metadata;
using Flink.Kubernetes.HA.KubeClient.Model;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>A kind of object that the seam knows: where it lives in the REST API and how its JSON is read.</summary>
/// <remarks>Use the ready ones of <see cref="KubeResources"/>.</remarks>
public sealed class KubeResource<T>
    where T : KubeObject
{
    private KubeResource<PartialObjectMetadata>? _metadataOnly;

    internal KubeResource(string group, string version, string plural, string kind, JsonTypeInfo<T> jsonTypeInfo, bool isMetadataOnly = false)
    {
        Group = group;
        Version = version;
        Plural = plural;
        Kind = kind;
        JsonTypeInfo = jsonTypeInfo;
        IsMetadataOnly = isMetadataOnly;
    }

    /// <summary>The API group; empty for the core group.</summary>
    public string Group { get; }

    /// <summary>The version within the group, such as <c>v1</c>.</summary>
    public string Version { get; }

    /// <summary>The plural in paths and in RBAC rules, such as <c>configmaps</c>.</summary>
    public string Plural { get; }

    /// <summary>The kind of the stored objects, such as <c>ConfigMap</c>, also where only metadata is asked for.</summary>
    public string Kind { get; }

    /// <summary>Whether answers carry metadata only (<c>PartialObjectMetadata</c>).</summary>
    public bool IsMetadataOnly { get; }

    /// <summary>Reads and writes the JSON of one object.</summary>
    public JsonTypeInfo<T> JsonTypeInfo { get; }

    /// <summary>The group and version as objects name them: <c>v1</c>, or <c>coordination.k8s.io/v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The same objects with answers that carry metadata only: for get, list, patch, delete and watch, not for create and replace.</summary>
    public KubeResource<PartialObjectMetadata> MetadataOnly =>
        this as KubeResource<PartialObjectMetadata>
        ?? (_metadataOnly ??= new KubeResource<PartialObjectMetadata>(Group, Version, Plural, Kind, KubeJsonContext.Default.PartialObjectMetadata, isMetadataOnly: true));

    /// <summary>Returns the plural, with the group where there is one: <c>leases.coordination.k8s.io</c>.</summary>
    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}
