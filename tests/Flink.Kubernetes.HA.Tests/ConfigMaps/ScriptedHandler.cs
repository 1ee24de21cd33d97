namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>Answers requests below the official client as the test says: it can do what no API server should.</summary>
internal sealed class ScriptedHandler : DelegatingHandler
{
    private readonly ConcurrentQueue<SentRequest> _sent = [];

    /// <summary>Answers a request; on the stack of whoever sends it, unless it waits for something.</summary>
    public required Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> OnRequest { get; set; }

    public SentRequest[] Sent => [.. _sent];

    /// <summary>Creates the official client as it is, with the token of a user, above this handler.</summary>
    public k8s.Kubernetes CreateClient(string host = "https://server.example:6443", string? token = null) =>
        new(new k8s.KubernetesClientConfiguration { Host = host, AccessToken = token, HttpClientTimeout = Timeout.InfiniteTimeSpan }, [this]);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // A content that is already in memory completes here at once.
        var body = request.Content is { } content ? await content.ReadAsStringAsync(cancellationToken) : null;
        _sent.Enqueue(new SentRequest(
            request.Method.Method,
            request.RequestUri!,
            request.Headers.NonValidated.TryGetValues("Accept", out var accept) ? accept.ToString() : null,
            request.Content?.Headers.ContentType?.MediaType,
            body,
            (request.Headers.Host, request.Version, request.VersionPolicy),
            request.Headers.Authorization?.ToString()));
        var response = await OnRequest(request, cancellationToken);
        response.RequestMessage = request;
        return response;
    }
}

internal sealed record SentRequest(
    string Method,
    Uri Uri,
    string? Accept,
    string? ContentType,
    string? Body,
    (string? Host, Version Version, HttpVersionPolicy Policy) Form,
    string? Authorization)
{
    public string Query => Uri.UnescapeDataString(Uri.Query);
}

/// <summary>Answers of API servers, and of what may stand in their place.</summary>
internal static class Answer
{
    public const string ConfigMap =
        """{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7"},"data":{"k":"v"}}""";

    public static HttpResponseMessage Text(int status, string body, string contentType = "application/json", params (string Name, string Value)[] headers) =>
        Stream(status, new MemoryStream(Encoding.UTF8.GetBytes(body)), contentType, headers);

    public static HttpResponseMessage Stream(int status, Stream body, string contentType = "application/json", params (string Name, string Value)[] headers)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StreamContent(body) };
        response.Content.Headers.ContentType = new(contentType);
        Array.ForEach(headers, header => response.Headers.TryAddWithoutValidation(header.Name, header.Value));
        return response;
    }

    public static HttpResponseMessage Status(int status, string? reason, string message = "said the server", params (string Name, string Value)[] headers) =>
        Text(status, StatusJson(status, reason, message).ToJsonString(), "application/json", headers);

    public static JsonObject StatusJson(int status, string? reason, string message) => new()
    {
        ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Failure", ["message"] = message, ["reason"] = reason, ["code"] = status,
    };
}
