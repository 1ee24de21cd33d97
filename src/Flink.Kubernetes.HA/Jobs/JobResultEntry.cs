using System.Text.Json.Serialization;
using System.Text.Json;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>A result as stored in the Dispatcher's ConfigMap: dirty until the job is cleaned up.</summary>
/// <param name="Key">The key.</param>
/// <param name="Text">The exact stored text.</param>
/// <param name="Result">The result.</param>
/// <param name="IsDirty">Whether the job is still to be cleaned up.</param>
/// <param name="Number">Grows from result to result, to order them without a clock.</param>
internal sealed record JobResultEntry(string Key, string Text, JobResult Result, bool IsDirty, long Number)
{
    public const string Prefix = "jobResult-";

    private const int Version = 1;

    public static string KeyOf(JobId jobId) => Prefix + jobId;

    public static JobResultEntry Create(JobResult result, bool isDirty, long number)
    {
        var content = new JobResultContent
        {
            V = Version,
            Status = result.Status,
            Message = result.Message,
            Dirty = isDirty,
            Number = number,
        };
        var text = JsonSerializer.Serialize(content, JobResultJsonContext.Default.JobResultContent);
        return new JobResultEntry(KeyOf(result.JobId), text, result, isDirty, number);
    }

    /// <summary>Reads all results, oldest first.</summary>
    /// <exception cref="StateHandleException">A result cannot be read.</exception>
    public static IReadOnlyList<JobResultEntry> ReadAll(ConfigMapContent content, ObjectKey configMap) =>
        [
            .. content.Data.Where(entry => entry.Key.StartsWith(Prefix, StringComparison.Ordinal))
                .Select(entry => Read(configMap, entry.Key, entry.Value))
                .OrderBy(entry => entry.Number),
        ];

    public static JobResultEntry? Find(ConfigMapContent content, ObjectKey configMap, JobId jobId) =>
        content.Data.TryGetValue(KeyOf(jobId), out var text) ? Read(configMap, KeyOf(jobId), text) : null;

    private static JobResultEntry Read(ObjectKey configMap, string key, string text)
    {
        try
        {
            var content = JsonSerializer.Deserialize(text, JobResultJsonContext.Default.JobResultContent) ?? throw new FormatException("it is null");
            return content.V == Version
                ? new JobResultEntry(key, text, new JobResult(JobId.Parse(key[Prefix.Length..]), content.Status, content.Message), content.Dirty, content.Number)
                : throw new FormatException($"it has version {content.V}, and this version of the library reads {Version}");
        }
        catch (Exception exception) when (exception is JsonException or FormatException or ArgumentException)
        {
            throw StateHandleException.Corrupt(configMap, key, exception.Message, exception);
        }
    }
}

internal sealed record JobResultContent
{
    public required int V { get; init; }

    [JsonConverter(typeof(JsonStringEnumConverter<JobStatus>))]
    public required JobStatus Status { get; init; }

    public string? Message { get; init; }

    public required bool Dirty { get; init; }

    public long Number { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JobResultContent))]
internal sealed partial class JobResultJsonContext : JsonSerializerContext;
