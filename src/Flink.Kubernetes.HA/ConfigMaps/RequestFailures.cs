using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using k8s.Autorest;
using k8s.Models;
using k8s;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>Converts the failures of a request to one exception: the request, the response, and whether a write may have taken effect.</summary>
/// <remarks>
/// An <see cref="HttpOperationException"/> never becomes an inner exception: it contains the request's headers, including the bearer token.
/// </remarks>
internal static partial class RequestFailures
{
    private const int ExcerptLength = 200;

    private const string TlsAdvice = " Check certificate-authority, tls-server-name and the client certificate of the connection.";

    /// <summary>A response with another status than success.</summary>
    public static KubernetesHaException FromResponse(ApiRequest request, HttpStatusCode code, string? body, TimeSpan? retryAfter, Uri server)
    {
        var status = ReadStatus(body);
        var failure = Classify(code, status?.Reason);

        // A 401, 429 or 5xx of a proxy means the same as one of the server. Other codes may not: the "not found" of a proxy says
        // nothing about the object, and must not be taken for its deletion.
        if (status is null && failure is not (KubernetesFailure.Unauthorized or KubernetesFailure.TooManyRequests or KubernetesFailure.Unavailable))
        {
            return Unexpected(request, $"HTTP {(int)code} without a Kubernetes Status: {Beginning(body)}", code, server);
        }

        return FromStatus(request, code, failure, status, status?.Message ?? (string.IsNullOrEmpty(body) ? "no message" : Excerpt(body)), retryAfter);
    }

    /// <summary>An ERROR event of a watch: the HTTP status was 200, the actual one is in the event.</summary>
    public static KubernetesHaException FromErrorEvent(ApiRequest request, V1Status? status)
    {
        var code = (HttpStatusCode)(status?.Code ?? (status?.Reason is "Expired" or "Gone" ? 410 : 500));
        return FromStatus(request, code, Classify(code, status?.Reason), status, status?.Message ?? "an ERROR event without a message", null);
    }

    /// <summary>A response with a success status that is not the requested object.</summary>
    public static KubernetesHaException Unexpected(ApiRequest request, string what, HttpStatusCode? code, Uri server, Exception? cause = null) => Create(
        request,
        KubernetesFailure.UnexpectedResponse,
        $"{what}. Check that {Address(server)} is a Kubernetes API server and that no proxy answers in its place.",
        code,
        isOutcomeUnknown: request.IsWrite && (int?)code is null or (>= 200 and < 300),
        cause: cause);

    public static KubernetesHaException TimedOut(ApiRequest request, TimeSpan limit) => Create(
        request,
        KubernetesFailure.Timeout,
        $"no complete response within {limit.TotalSeconds:0.###} s (the request timeout of the options).",
        isOutcomeUnknown: request.IsWrite);

    /// <summary>An exception of a call to the client; the caller handles cancellation and disposal.</summary>
    public static KubernetesHaException FromException(ApiRequest request, Exception exception, Uri server) => exception switch
    {
        // The connection reports what is wrong with a credential or a proxy, but not for which request.
        KubernetesHaException known => Create(
            request,
            known.Failure,
            known.Message,
            known.StatusCode,
            known.Reason,
            known.IsOutcomeUnknown && request.IsWrite,
            known.RetryAfter,
            known),
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError
        } => NotConnected(request, exception, server),
        // The connect timeout of the transport. HttpClient.Timeout looks the same but for its own cause, and may pass after the request was sent.
        OperationCanceledException { InnerException: TimeoutException { InnerException: not OperationCanceledException } } =>
            NotConnected(request, exception, server),
        JsonException or FormatException =>
            Unexpected(request, $"the response cannot be read as JSON: {Excerpt(exception.Message)}", HttpStatusCode.OK, server, exception),
        HttpRequestException or IOException or OperationCanceledException => Create(
            request,
            KubernetesFailure.Unavailable,
            $"the connection to {Address(server)} was broken before the response was complete: {Innermost(exception)}",
            isOutcomeUnknown: request.IsWrite,
            cause: exception),
        _ => Create(
            request,
            KubernetesFailure.Other,
            $"the Kubernetes client threw {exception.GetType().Name}: {Innermost(exception)}",
            isOutcomeUnknown: request.IsWrite,
            cause: exception),
    };

    /// <summary>The first characters of an unexpected text, on one line.</summary>
    public static string Excerpt(string text)
    {
        var excerpt = text.Length <= ExcerptLength ? text : string.Concat(text.AsSpan(0, ExcerptLength), "...");
        return string.Create(excerpt.Length, excerpt, static (line, source) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
    }

    public static string Beginning(string? body) => string.IsNullOrEmpty(body) ? "it is empty" : $"it begins with \"{Excerpt(body)}\"";

    private static KubernetesHaException NotConnected(ApiRequest request, Exception cause, Uri server)
    {
        var advice = cause is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } ? TlsAdvice : string.Empty;
        return Create(
            request,
            KubernetesFailure.Unavailable,
            $"{Address(server)} could not be reached: {Innermost(cause)}{advice}",
            cause: cause);
    }

    private static KubernetesHaException FromStatus(
        ApiRequest request, HttpStatusCode code, KubernetesFailure failure, V1Status? status, string said, TimeSpan? retryAfter)
    {
        var reason = status?.Reason is { } word ? " " + word : string.Empty;
        var end = said.EndsWith('.') ? string.Empty : ".";
        var denial = failure == KubernetesFailure.Forbidden ? Denial.Of(request, said) : null;
        var exception = Create(
            request,
            failure,
            $"{Describe(request, failure)} (HTTP {(int)code}{reason}): {said}{end}{denial?.Advice ?? Advice(failure)}",
            code,
            status?.Reason,
            request.IsWrite && failure == KubernetesFailure.Unavailable,
            retryAfter ?? (status?.Details?.RetryAfterSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null));
        exception.Denial = denial?.Kind;
        return exception;
    }

    private static KubernetesHaException Create(
        ApiRequest request,
        KubernetesFailure failure,
        string what,
        HttpStatusCode? status = null,
        string? reason = null,
        bool isOutcomeUnknown = false,
        TimeSpan? retryAfter = null,
        Exception? cause = null)
    {
        var outcome = isOutcomeUnknown ? " The write may have taken effect: read the object to find out." : string.Empty;
        return new KubernetesHaException(failure, $"{request}: {Credential().Replace(what, "$1 [redacted]")}{outcome}", HasHeaders(cause) ? null : cause)
        {
            IsOutcomeUnknown = isOutcomeUnknown,
            StatusCode = status,
            Reason = reason,
            Verb = request.Verb,
            Resource = request.Resource,
            Namespace = request.Namespace,
            ObjectName = request.Name,
            RetryAfter = retryAfter,
        };
    }

    private static KubernetesFailure Classify(HttpStatusCode code, string? reason) => (int)code switch
    {
        400 => KubernetesFailure.BadRequest,
        401 => KubernetesFailure.Unauthorized,
        403 => KubernetesFailure.Forbidden,
        404 => KubernetesFailure.NotFound,
        // The "request timeout" of a proxy: the server may still have processed the request.
        408 => KubernetesFailure.Unavailable,
        409 => reason == "AlreadyExists" ? KubernetesFailure.AlreadyExists : KubernetesFailure.Conflict,
        410 => KubernetesFailure.Gone,
        413 => KubernetesFailure.TooLarge,
        422 => KubernetesFailure.Invalid,
        429 => KubernetesFailure.TooManyRequests,
        >= 500 => KubernetesFailure.Unavailable,
        _ => KubernetesFailure.Other,
    };

    private static string Describe(ApiRequest request, KubernetesFailure failure) => failure switch
    {
        KubernetesFailure.BadRequest => "the server could not read the request",
        KubernetesFailure.Unauthorized => "the credential was refused, even after it was read again",
        KubernetesFailure.Forbidden => "forbidden",
        KubernetesFailure.NotFound => "not found",
        KubernetesFailure.AlreadyExists => "it already exists",
        KubernetesFailure.Conflict => "it has changed since it was read, or a precondition does not hold",
        KubernetesFailure.Gone => "the resource version or continue token has expired",
        KubernetesFailure.TooLarge => "the request is too large",
        KubernetesFailure.Invalid => request.Verb == "patch" ? "a test of the patch failed, or the result is not valid" : "not valid",
        KubernetesFailure.TooManyRequests => "the server is too busy and did nothing",
        KubernetesFailure.Unavailable => "the server failed",
        _ => "refused",
    };

    private static string? Advice(KubernetesFailure failure) => failure switch
    {
        KubernetesFailure.Unauthorized =>
            " Check that the token or client certificate is not expired and belongs to this cluster, and that the service account still exists.",
        KubernetesFailure.TooLarge => " Store less in the object: a ConfigMap holds 1 MiB in all.",
        _ => null,
    };

    private static V1Status? ReadStatus(string? body)
    {
        try
        {
            return !string.IsNullOrEmpty(body) && KubernetesJson.Deserialize<V1Status>(body) is { Kind: "Status" } status ? status : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    // A page that echoes the request, as some proxies and debug servers answer, contains the bearer token.
    [GeneratedRegex(@"\b(bearer|basic)\s+[\w.~+/=-]{8,}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Credential();

    // The outer messages refer to inner exceptions; the innermost says what happened, such as "Connection refused".
    private static string Innermost(Exception cause)
    {
        var message = cause.GetBaseException().Message;
        return message.EndsWith('.') ? message : message + ".";
    }

    // Not the authority of the URL, in which the owner of a client may have put a password.
    private static string Address(Uri server) => server.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    // A handler of the user's can throw one too, for example after it has requested a token with another client.
    private static bool HasHeaders(Exception? cause) => cause switch
    {
        null => false,
        HttpOperationException => true,
        AggregateException all => all.InnerExceptions.Any(HasHeaders),
        _ => HasHeaders(cause.InnerException),
    };

    /// <summary>What refused a request with 403, and what to do about it: RBAC is only one of several.</summary>
    private sealed record Denial(string Kind, string? Advice)
    {
        public static Denial Of(ApiRequest request, string said) => said switch
        {
            _ when said.Contains("exceeded quota", StringComparison.Ordinal) =>
                new("quota", $" Raise the ResourceQuota of namespace \"{request.Namespace}\", or remove {request.Plural} that are no longer needed."),
            _ when said.Contains("being terminated", StringComparison.Ordinal) =>
                new("terminating", $" Namespace \"{request.Namespace}\" is being deleted: use another one, or create it again."),
            _ when said.Contains("admission webhook", StringComparison.Ordinal)
                || said.Contains("denied request", StringComparison.Ordinal)
                || said.Contains("ValidatingAdmissionPolicy", StringComparison.Ordinal) =>
                new("admission", " An admission policy of the cluster refused it: change the policy or ask its owner."),
            _ when said.Contains(" cannot ", StringComparison.Ordinal) => new(
                "rbac",
                $" Grant verb \"{request.Verb}\" on resource \"{request.Plural}\" in namespace \"{request.Namespace}\" "
                + "to this process's service account or user, "
                + $"as a Role's rule: {{apiGroups: [\"{request.Group}\"], resources: [\"{request.Plural}\"], verbs: [\"{request.Verb}\"]}}."),
            _ => new("other", null),
        };
    }
}
