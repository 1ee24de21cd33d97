using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>An answer that does not come from the server.</summary>
internal sealed record CannedResponse(HttpStatusCode Code, string Body, string? ContentType, IReadOnlyDictionary<string, string> Headers)
{
    public static IReadOnlyDictionary<string, string> NoHeaders { get; } = new Dictionary<string, string>();

    public static CannedResponse Status(HttpStatusCode code, string? reason, TimeSpan? retryAfter)
    {
        var seconds = (int?)retryAfter?.TotalSeconds;
        var error = new ApiError((int)code, reason ?? UsualReason(code), "injected failure: withdraw the fault") { RetryAfterSeconds = seconds };
        var headers = seconds is null ? NoHeaders : new Dictionary<string, string> { ["Retry-After"] = seconds.Value.ToString(CultureInfo.InvariantCulture) };
        return new CannedResponse(code, Encoding.UTF8.GetString(JsonText.ToUtf8(error.ToStatus())), "application/json", headers);
    }

    public HttpResponseMessage ToMessage(HttpRequestMessage request)
    {
        var message = new HttpResponseMessage(Code)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Body)),
            RequestMessage = request,
            Version = request.Version,
        };
        message.Content.Headers.ContentType = ContentType is null ? null : MediaTypeHeaderValue.Parse(ContentType);
        foreach (var (name, value) in Headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }

        return message;
    }

    private static string? UsualReason(HttpStatusCode code) => code switch
    {
        HttpStatusCode.BadRequest => "BadRequest",
        HttpStatusCode.Unauthorized => "Unauthorized",
        HttpStatusCode.Forbidden => "Forbidden",
        HttpStatusCode.NotFound => "NotFound",
        HttpStatusCode.MethodNotAllowed => "MethodNotAllowed",
        HttpStatusCode.Conflict => "Conflict",
        HttpStatusCode.Gone => "Expired",
        HttpStatusCode.RequestEntityTooLarge => "RequestEntityTooLarge",
        HttpStatusCode.UnprocessableEntity => "Invalid",
        HttpStatusCode.TooManyRequests => "TooManyRequests",
        HttpStatusCode.InternalServerError => "InternalError",
        HttpStatusCode.ServiceUnavailable => "ServiceUnavailable",
        HttpStatusCode.GatewayTimeout => "Timeout",
        _ => null,
    };
}
