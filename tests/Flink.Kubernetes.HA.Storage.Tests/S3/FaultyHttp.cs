using Amazon.Runtime;

namespace Flink.Kubernetes.HA.Storage.Tests.S3;

/// <summary>The way to the server, on which a test may change what goes and comes.</summary>
internal sealed class FaultyHttp : HttpClientFactory
{
    private readonly Lock _gate = new();
    private readonly List<string> _log = [];

    /// <summary>Answers a request; the function sends it to the server.</summary>
    public Func<HttpRequestMessage, Func<Task<HttpResponseMessage>>, Task<HttpResponseMessage>>? OnSend { get; set; }

    /// <summary>Method, query and status of each request, such as <c>PUT ?partNumber 200</c>.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_gate)
            {
                return [.. _log];
            }
        }
    }

    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => new(new Handler(this)) { Timeout = Timeout.InfiniteTimeSpan };

    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    public static bool IsPut(HttpRequestMessage request) => request.Method == HttpMethod.Put && !IsPart(request);

    public static bool IsPart(HttpRequestMessage request) => request.RequestUri!.Query.Contains("partNumber", StringComparison.Ordinal);

    public static bool IsCompletion(HttpRequestMessage request) => request.Method == HttpMethod.Post && request.RequestUri!.Query.Contains("uploadId", StringComparison.Ordinal);

    public static HttpResponseMessage Answer(HttpStatusCode status, string code) => new(status)
    {
        Content = new StringContent($"<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>as the test wants it</Message></Error>", Encoding.UTF8, "application/xml"),
    };

    private sealed class Handler(FaultyHttp http) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = http.OnSend is null ? await SendOnAsync() : await http.OnSend(request, SendOnAsync);
            response.RequestMessage ??= request;
            return response;

            async Task<HttpResponseMessage> SendOnAsync()
            {
                var answer = await base.SendAsync(request, cancellationToken);
                lock (http._gate)
                {
                    http._log.Add($"{request.Method} {string.Join('&', request.RequestUri!.Query.Split('&').Select(part => part.Split('=')[0]))} {(int)answer.StatusCode}");
                }

                return answer;
            }
        }
    }
}
