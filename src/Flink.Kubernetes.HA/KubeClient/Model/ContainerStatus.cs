using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The status of one container of a <see cref="Pod"/>.</summary>
public sealed record ContainerStatus
{
    /// <summary>The container's name.</summary>
    public string? Name { get; init; }

    /// <summary>Whether the container passes its readiness probe.</summary>
    public bool? Ready { get; init; }

    /// <summary>How often the container was restarted.</summary>
    public int? RestartCount { get; init; }

    /// <summary>Waiting, running or terminated.</summary>
    public ContainerState? State { get; init; }

    /// <summary>The fields that this type does not know; they survive a round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? OtherFields { get; set; }
}
