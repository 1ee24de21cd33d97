using System.Net;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>The exceptions of failed requests, but for those that <see cref="StatusFailures"/> reads from an answer.</summary>
internal static class KubeFailures
{
    private const string TlsAdvice = " Check certificate-authority, tls-server-name and the client certificate of the connection.";

    public static KubeClientException Create(
        KubeRequest request,
        KubeFailure failure,
        string what,
        HttpStatusCode? status = null,
        string? reason = null,
        bool isOutcomeUnknown = false,
        TimeSpan? retryAfter = null,
        Exception? cause = null)
    {
        var outcome = isOutcomeUnknown ? " The write may have taken effect: read the object to know." : string.Empty;
        return new KubeClientException(failure, $"{request}: {what}{outcome}", cause)
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

    public static KubeClientException TimedOut(KubeRequest request, TimeSpan limit) => Create(
        request,
        KubeFailure.Timeout,
        $"no complete answer within {limit.TotalSeconds:0.###} s ({nameof(KubeClientOptions)}.{nameof(KubeClientOptions.RequestTimeout)}).",
        isOutcomeUnknown: request.IsWrite);

    public static KubeClientException CredentialTimedOut(KubeRequest request, TimeSpan limit) => Create(
        request,
        KubeFailure.Timeout,
        $"the credential gave no token within {limit.TotalSeconds:0.###} s; nothing was sent. Check the exec plugin or token file of the kubeconfig.");

    public static KubeClientException CredentialFailed(KubeRequest request, Exception cause) => Create(
        request,
        KubeFailure.Unauthorized,
        $"the credential can't be used, nothing was sent: {cause.Message}",
        cause: cause);

    /// <summary>No connection came about, so the server has not seen the request.</summary>
    public static KubeClientException NotConnected(KubeRequest request, Exception cause) => Create(
        request,
        KubeFailure.Unavailable,
        $"{request.Uri.GetLeftPart(UriPartial.Authority)} could not be reached: {Innermost(cause)}{(cause is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } ? TlsAdvice : string.Empty)}",
        cause: cause);

    /// <summary>The connection broke after the request may have left; a status of 4xx had already told that it was refused.</summary>
    public static KubeClientException ConnectionLost(KubeRequest request, HttpStatusCode? status, Exception cause) => Create(
        request,
        KubeFailure.Unavailable,
        $"the connection to {request.Uri.GetLeftPart(UriPartial.Authority)} broke before the answer was complete: {Innermost(cause)}",
        status,
        isOutcomeUnknown: request.IsWrite && (int?)status is not (>= 400 and < 500),
        cause: cause);

    // The outer messages speak of inner exceptions; the innermost says what happened: "Connection refused".
    private static string Innermost(Exception cause)
    {
        var message = cause.GetBaseException().Message;
        return message.EndsWith('.') ? message : message + ".";
    }
}
