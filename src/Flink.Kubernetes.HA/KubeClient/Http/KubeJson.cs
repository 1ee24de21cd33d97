using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Flink.Kubernetes.HA.KubeClient.Model;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Bodies of requests, and answers that hold one object.</summary>
internal static class KubeJson
{
    // The short escapes: JSON within a ConfigMap is full of quotes, and the server limits the size of requests.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static ReadOnlyMemory<byte> Write<T>(KubeResource<T> resource, T item)
        where T : KubeObject
    {
        var complete = (T)((KubeObject)item with { ApiVersion = resource.ApiVersion, Kind = resource.Kind });
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        JsonSerializer.Serialize(writer, complete, resource.JsonTypeInfo);
        return buffer.WrittenMemory;
    }

    public static ReadOnlyMemory<byte> WriteDeleteOptions(DeletePreconditions? preconditions)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("apiVersion", "v1");
            writer.WriteString("kind", "DeleteOptions");
            if (preconditions is { Uid: not null } or { ResourceVersion: not null })
            {
                writer.WriteStartObject("preconditions");
                WriteIfSet(writer, "uid", preconditions.Uid);
                WriteIfSet(writer, "resourceVersion", preconditions.ResourceVersion);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    public static T Read<T>(KubeRequest request, KubeResource<T> resource, byte[] body)
        where T : KubeObject
    {
        T? item;
        try
        {
            item = JsonSerializer.Deserialize(body, resource.JsonTypeInfo);
        }
        catch (JsonException exception)
        {
            throw UnexpectedAnswers.NotReadable(request, body, exception);
        }

        // Any JSON object would do for the serializer; an answer that is no Kubernetes object must not pass for an empty one.
        return item is not null && IsOfKind(resource, item.Kind) && !string.IsNullOrEmpty(item.Metadata.Name)
            ? item
            : throw UnexpectedAnswers.OtherKind(request, resource.Kind, body);
    }

    /// <summary>The answer to a delete: a Status, or the object while it waits for its finalizers.</summary>
    public static void CheckDeleted<T>(KubeRequest request, KubeResource<T> resource, byte[] body)
        where T : KubeObject
    {
        string? kind;
        try
        {
            kind = JsonSerializer.Deserialize(body, KubeJsonContext.Default.PartialObjectMetadata)?.Kind;
        }
        catch (JsonException exception)
        {
            throw UnexpectedAnswers.NotReadable(request, body, exception);
        }

        if (kind != "Status" && !IsOfKind(resource, kind))
        {
            throw UnexpectedAnswers.OtherKind(request, "Status", body);
        }
    }

    public static bool IsOfKind<T>(KubeResource<T> resource, string? kind)
        where T : KubeObject => kind == resource.Kind || (resource.IsMetadataOnly && kind == nameof(PartialObjectMetadata));

    private static void WriteIfSet(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}
