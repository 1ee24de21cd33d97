using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>What every Kubernetes object has.</summary>
/// <remarks>Treat objects as immutable and change them with <c>with</c>: those of a watch are shared.</remarks>
public abstract record KubeObject
{
    /// <summary>The group and version; filled in by the client on writes.</summary>
    [JsonPropertyOrder(-3)]
    public string? ApiVersion { get; init; }

    /// <summary>The kind; filled in by the client on writes.</summary>
    [JsonPropertyOrder(-2)]
    public string? Kind { get; init; }

    /// <summary>Name, labels, annotations, version.</summary>
    [JsonPropertyOrder(-1)]
    public ObjectMeta Metadata
    {
        get;
        // Absent or null in JSON arrives here as null, also past an initializer.
        init => field = value ?? new ObjectMeta();
    } = new();

    /// <summary>The fields that this type does not know; they survive a round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? OtherFields { get; set; }

    /// <summary>Namespace and name.</summary>
    [JsonIgnore]
    public ObjectKey Key => new(Metadata.Namespace ?? string.Empty, Metadata.Name ?? string.Empty);
}
