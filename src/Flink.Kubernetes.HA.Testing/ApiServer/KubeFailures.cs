using System.Net;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Tells refusals in the seam's words, as the HTTP client does.</summary>
internal static class KubeFailures
{
    public static KubeClientException ToException(ApiCall call, Exception cause)
    {
        var error = cause as ApiError;
        var failure = error is null ? KubeFailure.Unavailable : ToFailure(error);
        var target = call.Name is null ? call.Namespace : $"{call.Namespace}/{call.Name}";
        return new KubeClientException(failure, $"{call.Verb} {call.Resource.QualifiedName} {target}: {cause.Message}", cause)
        {
            IsOutcomeUnknown = failure == KubeFailure.Unavailable && error is not null && IsWrite(call.Verb),
            StatusCode = (HttpStatusCode?)error?.Status,
            Reason = error?.Reason,
            Verb = call.Verb,
            Resource = call.Resource.QualifiedName,
            Namespace = call.Namespace,
            ObjectName = call.Name,
            RetryAfter = error?.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
    }

    public static bool IsWrite(string verb) => verb is "create" or "update" or "patch" or "delete";

    private static KubeFailure ToFailure(ApiError error) => error.Status switch
    {
        400 => KubeFailure.BadRequest,
        401 => KubeFailure.Unauthorized,
        403 => KubeFailure.Forbidden,
        404 => KubeFailure.NotFound,
        409 => error.Reason == "AlreadyExists" ? KubeFailure.AlreadyExists : KubeFailure.Conflict,
        410 => KubeFailure.Gone,
        413 => KubeFailure.TooLarge,
        422 => KubeFailure.Invalid,
        429 => KubeFailure.TooManyRequests,
        >= 500 => KubeFailure.Unavailable,
        _ => KubeFailure.Other,
    };
}
