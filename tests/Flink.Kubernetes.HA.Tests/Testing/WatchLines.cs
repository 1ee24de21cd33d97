using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>Reads a watch line by line.</summary>
public sealed class WatchLines : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private WatchLines(HttpResponseMessage response, Stream body) => (_response, _reader) = (response, new StreamReader(body));

    public static async Task<WatchLines> OpenAsync(HttpClient client, Uri uri, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return new WatchLines(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    public async Task<(string Type, string? Name)> NextAsync()
    {
        var (type, item) = await NextEventAsync();
        return (type, (string?)item["metadata"]!["name"]);
    }

    public async Task<(string Type, JsonNode Object)> NextEventAsync()
    {
        var line = JsonNode.Parse((await LineAsync()).Should().NotBeNull().And.Subject)!;
        return ((string)line["type"]!, line["object"]!);
    }

    /// <summary>The next line, or <see langword="null"/> at the end.</summary>
    public Task<string?> LineAsync() => _reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}
