using System.Text.Json;
using Flink.Kubernetes.HA.KubeClient.Model;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Reads the answer to a list in one pass, without a document in between.</summary>
internal static class KubeListReader
{
    public static KubeList<T> Read<T>(KubeRequest request, KubeResource<T> resource, byte[] body)
        where T : KubeObject
    {
        try
        {
            // An answer that is no list must not pass for an empty one: missing is not empty.
            return Read(resource, body) ?? throw UnexpectedAnswers.OtherKind(request, resource.Kind + "List", body);
        }
        catch (JsonException exception)
        {
            throw UnexpectedAnswers.NotReadable(request, body, exception);
        }
    }

    private static KubeList<T>? Read<T>(KubeResource<T> resource, ReadOnlySpan<byte> body)
        where T : KubeObject
    {
        var reader = new Utf8JsonReader(body);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        string? kind = null;
        List<T>? items = null;
        KubeListMeta? metadata = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("kind"u8))
            {
                reader.Read();
                kind = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            }
            else if (reader.ValueTextEquals("metadata"u8))
            {
                reader.Read();
                metadata = JsonSerializer.Deserialize(ref reader, KubeJsonContext.Default.KubeListMeta);
            }
            else if (reader.ValueTextEquals("items"u8))
            {
                reader.Read();
                items = ReadItems(ref reader, resource);
            }
            else
            {
                reader.Skip();
            }
        }

        // What follows the object would mean that this is something else.
        while (reader.Read())
        {
        }

        return items is null || kind is null || !kind.EndsWith("List", StringComparison.Ordinal)
            ? null
            : new KubeList<T>(items, metadata?.ResourceVersion, string.IsNullOrEmpty(metadata?.Continue) ? null : metadata.Continue);
    }

    private static List<T> ReadItems<T>(ref Utf8JsonReader reader, KubeResource<T> resource)
        where T : KubeObject
    {
        var items = new List<T>();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return items;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("The items of the list are no array.");
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(JsonSerializer.Deserialize(ref reader, resource.JsonTypeInfo) ?? throw new JsonException("An item of the list is null."));
        }

        return items;
    }
}
