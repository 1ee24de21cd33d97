using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.WireFormat;

/// <summary>The content of <see cref="HaNames.TermAnnotation"/>.</summary>
internal sealed record TermRecord
{
    /// <summary>Far above any revision of a store; a larger token was made up, and there would soon be none above it.</summary>
    private const long LargestFencingToken = 1L << 62;

    /// <summary>Whose term it is; it is valid only while the lock names the same holder.</summary>
    public required string HolderIdentity { get; init; }

    public required Guid SessionId { get; init; }

    public required long FencingToken { get; init; }

    /// <summary>Absent until the leader has published one.</summary>
    public string? Address { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, WireFormatJsonContext.Default.TermRecord);

    /// <summary>Returns <see langword="null"/> for what is absent or can't be read.</summary>
    public static TermRecord? TryParse(string? json)
    {
        try
        {
            var term = string.IsNullOrEmpty(json) ? null : JsonSerializer.Deserialize(json, WireFormatJsonContext.Default.TermRecord);
            return term is { FencingToken: >= 0 and <= LargestFencingToken } ? term : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TermRecord))]
internal sealed partial class WireFormatJsonContext : JsonSerializerContext;
