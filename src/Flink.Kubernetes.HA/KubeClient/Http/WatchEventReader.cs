using System.Buffers;
using System.Text.Json;
using Flink.Kubernetes.HA.KubeClient.Model;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Reads one line of a watch: <c>{"type":"ADDED","object":{...}}</c>.</summary>
internal static class WatchEventReader
{
    /// <exception cref="KubeClientException">It is an ERROR event, or no event at all.</exception>
    public static WatchEvent<T> Read<T>(KubeRequest request, KubeResource<T> resource, ReadOnlySequence<byte> line)
        where T : KubeObject
    {
        try
        {
            var type = Locate(line, out var body);
            if (type == "ERROR")
            {
                throw StatusFailures.FromErrorEvent(request, JsonSerializer.Deserialize(ref body, KubeJsonContext.Default.KubeStatus));
            }

            if (Parse(type) is not { } known || body.TokenType != JsonTokenType.StartObject)
            {
                throw UnexpectedAnswers.BadWatchEvent(request, "a line of the watch is no event", Begin(line));
            }

            var item = JsonSerializer.Deserialize(ref body, resource.JsonTypeInfo);
            return item is not null && KubeJson.IsOfKind(resource, item.Kind)
                ? new WatchEvent<T>(known, item)
                : throw UnexpectedAnswers.BadWatchEvent(request, $"an event of the watch has no {resource.Kind}", Begin(line));
        }
        catch (JsonException exception)
        {
            throw UnexpectedAnswers.BadWatchEvent(request, "a line of the watch can't be read as JSON", Begin(line), exception);
        }
    }

    /// <summary>Finds the type and places a reader on the object, in whichever order they come.</summary>
    private static string? Locate(ReadOnlySequence<byte> line, out Utf8JsonReader body)
    {
        var reader = new Utf8JsonReader(line);
        string? type = null;
        body = default;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("object"u8))
            {
                reader.Read();
                body = reader;
                if (type is not null)
                {
                    // The server's order. What little follows the object is not worth a second pass over it.
                    return type;
                }

                reader.Skip();
            }
            else
            {
                var isType = reader.ValueTextEquals("type"u8);
                reader.Read();
                type = isType && reader.TokenType == JsonTokenType.String ? reader.GetString() : type;
                reader.Skip();
            }
        }

        return type;
    }

    private static WatchEventType? Parse(string? type) => type switch
    {
        "ADDED" => WatchEventType.Added,
        "MODIFIED" => WatchEventType.Modified,
        "DELETED" => WatchEventType.Deleted,
        "BOOKMARK" => WatchEventType.Bookmark,
        _ => null,
    };

    private static byte[] Begin(ReadOnlySequence<byte> line) => line.Slice(0, Math.Min(line.Length, 1024)).ToArray();
}
