using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>The server answered, and refused. When no answer came, the test sees the exception of the HTTP client instead.</summary>
internal sealed class ApiServerRefusal(HttpStatusCode code, string body, Exception? innerException = null)
    : Exception($"The server answered {(int)code}: {body}", innerException)
{
    private readonly JsonNode? _status = Parse(body);

    /// <summary>Whatever the HTTP status or the code of an <c>ERROR</c> event said, and the reason of the <c>Status</c> in it.</summary>
    internal Refusal Kind => new(code, _status.Text("reason"));

    /// <summary>The server's words.</summary>
    internal string Words => _status.Text("message") ?? string.Empty;

    internal JsonNode? Details => _status?["details"];

    private static JsonNode? Parse(string body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>How a server refuses: the two things by which a client may tell one refusal from another.</summary>
internal sealed record Refusal(HttpStatusCode Status, string? Reason)
{
    internal static readonly Refusal BadRequest = new(HttpStatusCode.BadRequest, "BadRequest");
    internal static readonly Refusal Forbidden = new(HttpStatusCode.Forbidden, "Forbidden");
    internal static readonly Refusal NotFound = new(HttpStatusCode.NotFound, "NotFound");
    internal static readonly Refusal NotAcceptable = new(HttpStatusCode.NotAcceptable, "NotAcceptable");
    internal static readonly Refusal AlreadyExists = new(HttpStatusCode.Conflict, "AlreadyExists");
    internal static readonly Refusal Conflict = new(HttpStatusCode.Conflict, "Conflict");
    internal static readonly Refusal Expired = new(HttpStatusCode.Gone, "Expired");
    internal static readonly Refusal TooLarge = new(HttpStatusCode.RequestEntityTooLarge, "RequestEntityTooLarge");
    internal static readonly Refusal UnsupportedMediaType = new(HttpStatusCode.UnsupportedMediaType, "UnsupportedMediaType");
    internal static readonly Refusal Invalid = new(HttpStatusCode.UnprocessableEntity, "Invalid");
}
