using System.Net;
using System.Text.Json;
using Flink.Kubernetes.HA.KubeClient.Model;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>What a refusal of the API server means: an HTTP status and the <c>v1 Status</c> that comes with it.</summary>
internal static class StatusFailures
{
    public static KubeClientException FromAnswer(KubeRequest request, HttpStatusCode code, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        var status = Read(body);
        var failure = Classify(code, status?.Reason);

        // Anyone on the way says 401, 429 or 5xx in the same sense as the server. Of the rest a proxy may mean something else
        // entirely: its "not found" says nothing about the object.
        if (status is null && failure is not (KubeFailure.Unauthorized or KubeFailure.TooManyRequests or KubeFailure.Unavailable))
        {
            return UnexpectedAnswers.NotKubernetes(request, code, body);
        }

        var said = status?.Message ?? (body.IsEmpty ? "no message" : Excerpt.Of(body));
        return Create(request, code, failure, status, said, retryAfter);
    }

    /// <summary>An ERROR event of a watch: the HTTP status was 200, the true one is in the event.</summary>
    public static KubeClientException FromErrorEvent(KubeRequest request, KubeStatus? status)
    {
        var code = (HttpStatusCode)(status?.Code ?? (status?.Reason is "Expired" or "Gone" ? 410 : 500));
        return Create(request, code, Classify(code, status?.Reason), status, status?.Message ?? "an ERROR event without a message", null);
    }

    private static KubeClientException Create(KubeRequest request, HttpStatusCode code, KubeFailure failure, KubeStatus? status, string said, TimeSpan? retryAfter)
    {
        var reason = status?.Reason is { } word ? " " + word : string.Empty;
        var end = said.EndsWith('.') ? string.Empty : ".";
        return KubeFailures.Create(
            request,
            failure,
            $"{Describe(request, failure)} (HTTP {(int)code}{reason}): {said}{end}{Advice(request, failure)}",
            code,
            status?.Reason,
            request.IsWrite && failure == KubeFailure.Unavailable,
            retryAfter ?? (status?.Details?.RetryAfterSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null));
    }

    private static KubeFailure Classify(HttpStatusCode code, string? reason) => (int)code switch
    {
        400 => KubeFailure.BadRequest,
        401 => KubeFailure.Unauthorized,
        403 => KubeFailure.Forbidden,
        404 => KubeFailure.NotFound,
        // A proxy's "request timeout": the server may have acted all the same.
        408 => KubeFailure.Unavailable,
        409 => reason == "AlreadyExists" ? KubeFailure.AlreadyExists : KubeFailure.Conflict,
        410 => KubeFailure.Gone,
        413 => KubeFailure.TooLarge,
        422 => KubeFailure.Invalid,
        429 => KubeFailure.TooManyRequests,
        >= 500 => KubeFailure.Unavailable,
        _ => KubeFailure.Other,
    };

    private static string Describe(KubeRequest request, KubeFailure failure) => failure switch
    {
        KubeFailure.BadRequest => "the server could not read the request",
        KubeFailure.Unauthorized => "the credential was refused, also after it was read anew",
        KubeFailure.Forbidden => "forbidden",
        KubeFailure.NotFound => "not found",
        KubeFailure.AlreadyExists => "it exists already",
        KubeFailure.Conflict => "it has changed since it was read, or a precondition does not hold",
        KubeFailure.Gone => "the resource version or continue token has expired",
        KubeFailure.TooLarge => "the request is too large",
        KubeFailure.Invalid => request.Verb == "patch" ? "a test of the patch failed, or the result is not valid" : "not valid",
        KubeFailure.TooManyRequests => "the server is too busy and did nothing",
        KubeFailure.Unavailable => "the server failed",
        _ => "refused",
    };

    private static string? Advice(KubeRequest request, KubeFailure failure) => failure switch
    {
        KubeFailure.Forbidden =>
            $" Grant verb \"{request.Verb}\" on resource \"{request.Plural}\" in namespace \"{request.Namespace}\" to this process's service account or user, "
            + $"as a Role's rule: {{apiGroups: [\"{request.Group}\"], resources: [\"{request.Plural}\"], verbs: [\"{request.Verb}\"]}}.",
        KubeFailure.Unauthorized =>
            " Check that the token or client certificate is not expired and belongs to this cluster, and that the service account still exists.",
        KubeFailure.TooLarge => " Store less in the object: a ConfigMap takes 1 MiB in all.",
        _ => null,
    };

    private static KubeStatus? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            return !body.IsEmpty && JsonSerializer.Deserialize(body, KubeJsonContext.Default.KubeStatus) is { Kind: "Status" } status ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
