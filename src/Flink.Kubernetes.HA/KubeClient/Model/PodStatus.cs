using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The status of a <see cref="Pod"/>.</summary>
public sealed record PodStatus
{
    /// <summary>Pending, Running, Succeeded, Failed or Unknown.</summary>
    public string? Phase { get; init; }

    /// <summary>Why the pod is in this phase, such as <c>Evicted</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>The pod's address.</summary>
    [JsonPropertyName("podIP")]
    public string? PodIP { get; init; }

    /// <summary>The containers' states.</summary>
    public IReadOnlyList<ContainerStatus>? ContainerStatuses { get; init; }

    /// <summary>The fields that this type does not know; they survive a round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? OtherFields { get; set; }
}
