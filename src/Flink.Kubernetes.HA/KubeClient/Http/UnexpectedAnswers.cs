using System.Net;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Answers that are not what the Kubernetes API would say: a proxy's page, half a document.</summary>
internal static class UnexpectedAnswers
{
    /// <summary>An accepted request (2xx) whose answer is not JSON, or not all of it.</summary>
    public static KubeClientException NotReadable(KubeRequest request, ReadOnlySpan<byte> body, Exception? cause) => Create(
        request,
        $"the answer can't be read as JSON: {Begin(body)}",
        HttpStatusCode.OK,
        request.IsWrite,
        cause);

    /// <summary>An accepted request (2xx) whose answer is JSON of something else.</summary>
    public static KubeClientException OtherKind(KubeRequest request, string kind, ReadOnlySpan<byte> body) => Create(
        request,
        $"the answer is not a {kind}: {Begin(body)}",
        HttpStatusCode.OK,
        request.IsWrite);

    /// <summary>A refusal or a redirection that has no Status of Kubernetes: whoever answered, it was not the API server.</summary>
    public static KubeClientException NotKubernetes(KubeRequest request, HttpStatusCode status, ReadOnlySpan<byte> body) => Create(
        request,
        $"HTTP {(int)status} without a Kubernetes Status: {Begin(body)}",
        status,
        isOutcomeUnknown: false);

    public static KubeClientException BadWatchEvent(KubeRequest request, string what, ReadOnlySpan<byte> line, Exception? cause = null) => Create(
        request,
        $"{what}: {Begin(line)}",
        HttpStatusCode.OK,
        isOutcomeUnknown: false,
        cause);

    private static KubeClientException Create(KubeRequest request, string what, HttpStatusCode status, bool isOutcomeUnknown, Exception? cause = null) =>
        KubeFailures.Create(
            request,
            KubeFailure.UnexpectedResponse,
            $"{what}. Check that {request.Uri.GetLeftPart(UriPartial.Authority)} is a Kubernetes API server and that no proxy answers in its place.",
            status,
            isOutcomeUnknown: isOutcomeUnknown,
            cause: cause);

    private static string Begin(ReadOnlySpan<byte> body) => body.IsEmpty ? "it is empty" : $"it begins with \"{Excerpt.Of(body)}\"";
}
