using System.Buffers;
using System.Text.Json;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>The JSON of a list.</summary>
internal static class ListJson
{
    public static ReadOnlyMemory<byte> ToUtf8(ApiResource resource, ListPage page, bool metadataOnly)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteString("kind", metadataOnly ? "PartialObjectMetadataList" : resource.Kind + "List");
        writer.WriteString("apiVersion", metadataOnly ? "meta.k8s.io/v1" : resource.ApiVersion);
        writer.WriteStartObject("metadata");
        writer.WriteString("resourceVersion", page.ResourceVersion);
        if (page.Continue is { } token)
        {
            writer.WriteString("continue", token);
        }

        writer.WriteEndObject();
        if (metadataOnly && page.Items.Count == 0)
        {
            // As the real server: [] is for lists of whole objects.
            writer.WriteNull("items");
        }
        else
        {
            writer.WriteStartArray("items");
            foreach (var item in page.Items)
            {
                writer.WriteRawValue(metadataOnly ? item.MetadataJson : WithoutKind(item), skipInputValidation: true);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>In a list of its own kind an object does not repeat what kind it is.</summary>
    private static byte[] WithoutKind(StoredObject item)
    {
        var json = item.ToNode();
        json.Remove("apiVersion");
        json.Remove("kind");
        return JsonText.ToUtf8(json);
    }
}
