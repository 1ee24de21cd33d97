using System.Text.Json.Serialization;
using System.Text.Json;
using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.WireFormat;

/// <summary>The content of <see cref="HaNames.TermAnnotation"/>.</summary>
internal sealed record TermRecord
{
    /// <summary>Far above any revision of etcd; a larger token is not genuine, and accepting it could exhaust the range.</summary>
    private const long LargestFencingToken = 1L << 62;

    /// <summary>The holder of the term; the term is valid only while the same holder is stored in the lock.</summary>
    public required string HolderIdentity { get; init; }

    public required Guid SessionId { get; init; }

    public required long FencingToken { get; init; }

    /// <summary>Absent until the leader has published one.</summary>
    public string? Address { get; init; }

    /// <summary>The Lease by which the holder lives; absent if the lock itself is renewed.</summary>
    public LeaseReference? Lease { get; init; }

    /// <summary>The Pod and the container of the holder, where it knows them.</summary>
    public PodReference? Pod { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, WireFormatJsonContext.Default.TermRecord);

    /// <summary>Returns <see langword="null"/> if the text is absent or cannot be read.</summary>
    public static TermRecord? TryParse(string? json)
    {
        try
        {
            var term = string.IsNullOrEmpty(json) ? null : JsonSerializer.Deserialize(json, WireFormatJsonContext.Default.TermRecord);
            return term is { FencingToken: >= 0 and <= LargestFencingToken } && term.Lease is not { IsValid: false } && term.Pod is not { IsValid: false } ? term : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

/// <summary>One Lease, in the namespace of the lock.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Uid">Its UID: another Lease under the same name is not meant.</param>
/// <param name="DurationSeconds">For how long a renewal of it counts.</param>
internal sealed record LeaseReference(string Name, string Uid, int DurationSeconds)
{
    [JsonIgnore]
    public TimeSpan Duration => TimeSpan.FromSeconds(DurationSeconds);

    [JsonIgnore]
    public bool IsValid => DurationSeconds > 0 && !string.IsNullOrEmpty(Uid) && ObjectKey.IsValid(Name);
}

/// <summary>One container of one Pod, in the namespace of the lock.</summary>
/// <param name="Name">The name of the Pod.</param>
/// <param name="Uid">Its UID: another Pod under the same name is not meant.</param>
/// <param name="ContainerId">The ID of the container, which a restart changes.</param>
internal sealed record PodReference(string Name, string Uid, string ContainerId)
{
    [JsonIgnore]
    public bool IsValid => !string.IsNullOrEmpty(Uid) && !string.IsNullOrEmpty(ContainerId) && ObjectKey.IsValid(Name);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TermRecord))]
internal sealed partial class WireFormatJsonContext : JsonSerializerContext;
