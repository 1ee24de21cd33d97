using Flink.Kubernetes.HA.Connection.KubeConfig;
using System.Globalization;
using System.Net.Security;
using System.Text.Json;

namespace Flink.Kubernetes.HA.Connection.Credentials;

/// <summary>The credential that a plugin has printed.</summary>
internal sealed class ExecAnswer
{
    public string? Token { get; init; }

    public SslStreamCertificateContext? ClientCertificate { get; init; }

    /// <summary>When it expires, by the wall clock, which is all that a plugin can name.</summary>
    public DateTimeOffset? Expiration { get; init; }

    /// <summary>Reads an ExecCredential; errors do not show any of it.</summary>
    public static ExecAnswer Parse(string json, ExecPluginSettings settings)
    {
        var origin = $"{settings.Origin}: the answer of '{settings.Command}'";
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(document.RootElement, settings.ApiVersion, origin);
        }
        catch (JsonException e)
        {
            throw ConfigurationError.Create(
                $"{origin} is not JSON (line {e.LineNumber}, byte {e.BytePositionInLine}). "
                + "The plugin must print an ExecCredential to standard output, and nothing else.");
        }
    }

    private static ExecAnswer Read(JsonElement root, string apiVersion, string origin)
    {
        if (Text(root, "kind", origin) != "ExecCredential" || Text(root, "apiVersion", origin) != apiVersion)
        {
            throw ConfigurationError.Create($"{origin} is not an ExecCredential of {apiVersion}. Set exec.apiVersion to the version that the plugin speaks.");
        }

        if (!root.TryGetProperty("status", out var status) || status.ValueKind != JsonValueKind.Object)
        {
            throw ConfigurationError.Create($"{origin} has no status, so no credential. Run the plugin by hand to see why.");
        }

        var (token, certificate, key) = (Text(status, "token", origin), Text(status, "clientCertificateData", origin), Text(status, "clientKeyData", origin));
        if (certificate is null != key is null)
        {
            throw ConfigurationError.Create($"{origin} has a client certificate or a key, but not both.");
        }

        return token is null && certificate is null
            ? throw ConfigurationError.Create($"{origin} has neither a token nor a client certificate.")
            : new ExecAnswer
            {
                Token = token is null ? null : BearerToken.Check(token, origin),
                ClientCertificate = certificate is null ? null : PemCertificates.ReadClient(certificate, key!, origin),
                Expiration = ReadExpiration(Text(status, "expirationTimestamp", origin), origin),
            };
    }

    private static DateTimeOffset? ReadExpiration(string? text, string origin) =>
        text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
        : throw ConfigurationError.Create($"{origin} has an expirationTimestamp that is not a time such as 2030-01-31T12:00:00Z.");

    private static string? Text(JsonElement parent, string name, string origin)
    {
        if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out var element) || element.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return element.ValueKind != JsonValueKind.String ? throw ConfigurationError.Create($"{origin} has a {name} that is not a text.")
            : element.GetString() is { Length: > 0 } text ? text
            : null;
    }
}
