using System.Text.Json;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>A ConfigMap, or the metadata of one, as read from the bytes of a response or an event.</summary>
/// <remarks>
/// Used where answers are frequent, which is for patches and watch events. The official models hold the entire answer, and most of the
/// metadata is its <c>managedFields</c>, which nobody here reads.
/// </remarks>
/// <param name="last">An earlier state, as of the same object: what has not changed since is not allocated again.</param>
internal ref struct ConfigMapJson(ConfigMap? last)
{
    private string? _name;
    private string? _namespace;
    private string? _uid;
    private DateTimeOffset? _created;
    private IReadOnlyDictionary<string, string>? _labels;
    private IReadOnlyDictionary<string, string>? _annotations;
    private IReadOnlyDictionary<string, string>? _data;
    private Dictionary<string, ReadOnlyMemory<byte>>? _binaryData;

    public string? Kind { get; private set; }

    public string? ResourceVersion { get; private set; }

    /// <summary>The key of an object that is complete: it has a name, a UID and a resource version.</summary>
    /// <remarks>An API server stores no other, and a write on condition of an empty version would be unconditional.</remarks>
    public readonly ObjectKey? Key =>
        string.IsNullOrEmpty(_name) || string.IsNullOrEmpty(_uid) || string.IsNullOrEmpty(ResourceVersion)
            ? null
            : new ObjectKey(_namespace ?? string.Empty, _name);

    /// <summary>The ConfigMap, or <see langword="null"/> if the object is none or is not complete.</summary>
    public readonly ConfigMap? ConfigMap => !IsConfigMap || Key is not { } key
            ? null
            : new ConfigMap(key)
            {
                Uid = _uid,
                ResourceVersion = ResourceVersion,
                CreationTimestamp = _created,
                Labels = _labels ?? ConfigMaps.ConfigMap.NoText,
                Annotations = _annotations ?? ConfigMaps.ConfigMap.NoText,
                Data = _data ?? ConfigMaps.ConfigMap.NoText,
                BinaryData = _binaryData ?? ConfigMaps.ConfigMap.NoBytes,
            };

    public readonly bool IsConfigMap => Kind is "ConfigMap" or "PartialObjectMetadata";

    /// <summary>Reads the object at which the reader is, and leaves the reader at its end.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="last">An earlier state, as of the same object.</param>
    /// <exception cref="JsonException">It is not JSON, or a member has another type than a ConfigMap's has.</exception>
    /// <exception cref="FormatException">A time or base64 text is malformed.</exception>
    /// <exception cref="InvalidOperationException">A text is not valid UTF-8 or UTF-16.</exception>
    public static ConfigMapJson Read(ref Utf8JsonReader reader, ConfigMap? last)
    {
        var item = new ConfigMapJson(last);
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("kind"u8))
            {
                item.Kind = ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("metadata"u8))
            {
                item.ReadMetadata(ref reader);
            }
            else if (reader.ValueTextEquals("data"u8))
            {
                item._data = ReadMap(ref reader, ConfigMaps.ConfigMap.NoText);
            }
            else if (reader.ValueTextEquals("binaryData"u8))
            {
                item._binaryData = ReadBytes(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return item;
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (!ReadStart(ref reader))
        {
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("name"u8))
            {
                _name = ReadText(ref reader, last?.Key.Name);
            }
            else if (reader.ValueTextEquals("namespace"u8))
            {
                _namespace = ReadText(ref reader, last?.Key.Namespace);
            }
            else if (reader.ValueTextEquals("uid"u8))
            {
                _uid = ReadText(ref reader, last?.Uid);
            }
            else if (reader.ValueTextEquals("resourceVersion"u8))
            {
                ResourceVersion = ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("creationTimestamp"u8))
            {
                reader.Read();
                _created = reader.TokenType == JsonTokenType.Null ? null : reader.GetDateTimeOffset().ToUniversalTime();
            }
            else if (reader.ValueTextEquals("labels"u8))
            {
                _labels = ReadMap(ref reader, last?.Labels ?? ConfigMaps.ConfigMap.NoText);
            }
            else if (reader.ValueTextEquals("annotations"u8))
            {
                _annotations = ReadMap(ref reader, last?.Annotations ?? ConfigMaps.ConfigMap.NoText);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
    }

    private static IReadOnlyDictionary<string, string>? ReadMap(ref Utf8JsonReader reader, IReadOnlyDictionary<string, string> last)
    {
        if (!ReadStart(ref reader))
        {
            return null;
        }

        var entries = new Dictionary<string, string>(last.Count, StringComparer.Ordinal);
        var isSame = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var (key, before) = ReadKey(ref reader, last);
            if (ReadText(ref reader, before) is { } value)
            {
                entries[key] = value;
                isSame &= ReferenceEquals(value, before);
            }
        }

        return isSame && entries.Count == last.Count ? last : entries;
    }

    private static (string Key, string? Before) ReadKey(ref Utf8JsonReader reader, IReadOnlyDictionary<string, string> last)
    {
        foreach (var (key, value) in last as Dictionary<string, string> ?? [])
        {
            if (reader.ValueTextEquals(key))
            {
                return (key, value);
            }
        }

        return (reader.GetString()!, null);
    }

    private static Dictionary<string, ReadOnlyMemory<byte>>? ReadBytes(ref Utf8JsonReader reader)
    {
        if (!ReadStart(ref reader))
        {
            return null;
        }

        var entries = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.Null)
            {
                Expect(ref reader, JsonTokenType.String);
                entries[key] = reader.GetBytesFromBase64();
            }
        }

        return entries;
    }

    private static string? ReadText(ref Utf8JsonReader reader, string? before = null)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        Expect(ref reader, JsonTokenType.String);
        return before is not null && reader.ValueTextEquals(before) ? before : reader.GetString();
    }

    /// <summary>Moves to the value of a member, and returns whether it is an object; it may also be null.</summary>
    private static bool ReadStart(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return false;
        }

        Expect(ref reader, JsonTokenType.StartObject);
        return true;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (reader.TokenType != type)
        {
            throw new JsonException($"There is {reader.TokenType} where {type} is expected.");
        }
    }
}
