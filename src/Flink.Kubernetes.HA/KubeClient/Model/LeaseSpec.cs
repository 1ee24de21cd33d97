using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The content of a <see cref="Lease"/>.</summary>
public sealed record LeaseSpec
{
    /// <summary>Who holds the lease; empty or <see langword="null"/> when nobody does.</summary>
    public string? HolderIdentity { get; init; }

    /// <summary>How long the lease lasts after the last observed renewal, in seconds.</summary>
    public int? LeaseDurationSeconds { get; init; }

    /// <summary>When the holder acquired it, by the holder's clock; stored with six digits of a second.</summary>
    [JsonConverter(typeof(Model.MicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; init; }

    /// <summary>When the holder renewed it last, by the holder's clock; stored with six digits of a second.</summary>
    [JsonConverter(typeof(Model.MicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; init; }

    /// <summary>How often the lease has changed hands.</summary>
    public int? LeaseTransitions { get; init; }

    /// <summary>The fields that this type does not know; they survive a round trip.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? OtherFields { get; set; }
}
