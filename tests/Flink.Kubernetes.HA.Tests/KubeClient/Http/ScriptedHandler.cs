using System.Net;
using System.Text;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

/// <summary>A request as the handler was given it.</summary>
internal sealed record SentRequest(HttpMethod Method, Uri Uri, string Accept, string? Authorization, string? ContentType, string Body);

/// <summary>Answers requests by a script, one reaction each; a request beyond the script fails the test.</summary>
internal sealed class ScriptedHandler(params ScriptedHandler.Reaction[] script) : HttpMessageHandler
{
    private readonly Queue<Reaction> _script = new(script);

    public delegate Task<HttpResponseMessage> Reaction(CancellationToken cancellationToken);

    public List<SentRequest> Sent { get; } = [];

    public static Reaction Json(string body, int status = 200, params (string Name, string Value)[] headers) => Text(body, status, "application/json", headers);

    public static Reaction Text(string body, int status, string mediaType, params (string Name, string Value)[] headers) => _ =>
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, mediaType) };
        foreach (var (name, value) in headers)
        {
            Assert.True(response.Headers.TryAddWithoutValidation(name, value));
        }

        return Task.FromResult(response);
    };

    public static Reaction Status(int code, string reason, string message = "said the server", params (string Name, string Value)[] headers) =>
        Json($$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{code}}}""", code, headers);

    public static Reaction Stream(Stream stream) => _ =>
    {
        var content = new StreamContent(stream);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
    };

    public static Reaction Throw(Exception exception) => _ => Task.FromException<HttpResponseMessage>(exception);

    public static Reaction Throw(HttpRequestError error) => Throw(new HttpRequestException(error, "the transport failed"));

    /// <summary>Never answers; ends only when the request is cancelled.</summary>
    public static Reaction Hang() => async cancellationToken =>
    {
        await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        throw new InvalidOperationException("unreachable");
    };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Sent.Add(new SentRequest(
            request.Method,
            request.RequestUri!,
            request.Headers.Accept.ToString(),
            request.Headers.Authorization?.ToString(),
            request.Content?.Headers.ContentType?.ToString(),
            request.Content is null ? string.Empty : await request.Content.ReadAsStringAsync(cancellationToken)));
        return await (_script.TryDequeue(out var reaction) ? reaction(cancellationToken) : throw new InvalidOperationException($"Request {Sent.Count} is not in the script."));
    }
}
