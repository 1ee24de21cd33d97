using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flink.Kubernetes.HA.KubeClient.Model;

/// <summary>Kubernetes' MicroTime: API servers up to at least 1.20 refuse anything but exactly six digits.</summary>
internal sealed class MicroTimeConverter : JsonConverter<DateTimeOffset?>
{
    internal const string Format = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    public override DateTimeOffset? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? null : reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset? value, JsonSerializerOptions options)
    {
        if (value is { } time)
        {
            writer.WriteStringValue(time.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture));
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}
