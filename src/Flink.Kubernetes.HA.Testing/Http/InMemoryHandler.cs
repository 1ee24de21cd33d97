using System.Net;
using System.Net.Http.Headers;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>Answers requests in process, in the name of one user; the handler below it, where there is one, is never asked.</summary>
internal sealed class InMemoryHandler(RestFront front, string user) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // As over a network, nothing completes on the caller's stack.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return ToMessage(await front.AnswerAsync(ToRequest(request), cancellationToken).ConfigureAwait(false), request);
        }
        catch (ConnectionBrokenException exception)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, exception.Message, exception);
        }
    }

    // The body is written out as to a socket, and not taken from the content's memory.
    private RestRequest ToRequest(HttpRequestMessage request) => new(
        request.Method.Method,
        request.RequestUri!.PathAndQuery,
        user,
        (body, token) => request.Content?.CopyToAsync(body, token) ?? Task.CompletedTask)
    {
        Accept = request.Headers.NonValidated.TryGetValues("Accept", out var accept) ? string.Join(',', accept) : null,
        ContentType = request.Content?.Headers.ContentType?.ToString(),
    };

    private static HttpResponseMessage ToMessage(RestResponse response, HttpRequestMessage request)
    {
        var message = new HttpResponseMessage((HttpStatusCode)response.Status)
        {
            Content = response.Watch is { } watch ? new StreamContent(watch) : new ReadOnlyMemoryContent(response.Json),
            RequestMessage = request,
            Version = request.Version,
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue(RestResponse.ContentType);
        message.Headers.RetryAfter = response.RetryAfterSeconds is { } seconds ? new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds)) : null;
        return message;
    }
}
