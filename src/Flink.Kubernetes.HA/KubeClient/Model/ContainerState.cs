using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The state of a container; only <see cref="Terminated"/> is known in detail.</summary>
public sealed record ContainerState
{
    /// <summary>Set when the container has ended for good: the only state that proves its process dead.</summary>
    public ContainerStateTerminated? Terminated { get; init; }

    /// <summary>The fields that this type does not know (<c>waiting</c>, <c>running</c>); they survive a round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? OtherFields { get; set; }
}
