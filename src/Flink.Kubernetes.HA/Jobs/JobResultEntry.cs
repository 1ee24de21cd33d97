using System.Text.Encodings.Web;
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

    // As with pointers, one version more is read than is written, so that versions can lead in turn while a new one is rolled out.
    private const int WrittenVersion = 1;
    private const int NewestVersion = 2;

    public static string KeyOf(JobId jobId) => Prefix + jobId;

    public static JobResultEntry Create(JobResult result, bool isDirty, long number)
    {
        var content = new JobResultContent
        {
            V = WrittenVersion,
            Status = result.Status,
            Message = result.Message,
            Dirty = isDirty,
            Number = number,
        };
        var text = JsonSerializer.Serialize(content, JobResultJsonContext.Relaxed.JobResultContent);
        return new JobResultEntry(KeyOf(result.JobId), text, result, isDirty, number);
    }

    /// <exception cref="StateHandleException">The result cannot be read.</exception>
    public static JobResultEntry Read(ObjectKey configMap, string key, string text)
    {
        try
        {
            var content = JsonSerializer.Deserialize(text, JobResultJsonContext.Default.JobResultContent) ?? throw new FormatException("it is null");
            return content.V is >= WrittenVersion and <= NewestVersion
                ? new JobResultEntry(key, text, new JobResult(JobId.Parse(key[Prefix.Length..]), content.Status, content.Message), content.Dirty, content.Number)
                : throw new FormatException($"it has version {content.V}, and this version of the library reads {WrittenVersion} to {NewestVersion}");
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
internal sealed partial class JobResultJsonContext : JsonSerializerContext
{
    /// <summary>Without escapes that a ConfigMap does not need: a stack trace has many quotes and apostrophes.</summary>
    public static JobResultJsonContext Relaxed => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
