using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The metadata of an object.</summary>
public sealed record ObjectMeta
{
    /// <summary>The name.</summary>
    public string? Name { get; init; }

    /// <summary>The namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>The identity of this very object; one created anew under the same name has another.</summary>
    public string? Uid { get; init; }

    /// <summary>The version of the stored object: opaque, to be compared for equality only.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>When the server stored the object first, by the server's clock.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>When the object is to go, for one that is being deleted.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>The fields that this type does not know; they survive a round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? OtherFields { get; set; }
}
