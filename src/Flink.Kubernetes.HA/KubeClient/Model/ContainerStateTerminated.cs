using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>How a container ended.</summary>
public sealed record ContainerStateTerminated
{
    /// <summary>The exit code of the container's process.</summary>
    public int? ExitCode { get; init; }

    /// <summary>A word for why, such as <c>OOMKilled</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>When the container ended, by the node's clock.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The fields that this type does not know; they survive a round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? OtherFields { get; set; }
}
