using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class InMemoryApiServerHostTests : InMemoryCluster, IAsyncLifetime
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";
    private const string MetadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Dictionary<string, string> _tokens = new() { ["secret"] = "alice" };
    private InMemoryApiServerHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await InMemoryApiServerHost.StartAsync(Server, _tokens, cancellationToken: Cancellation);
        _http.BaseAddress = _host.Url;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        Dispose();
    }

    [Fact]
    public async Task Objects_are_created_read_patched_listed_and_deleted_by_their_paths()
    {
        Assert.Equal(HttpStatusCode.Created, (await SendAsync("POST", Maps, """{"metadata":{"name":"a"},"data":{"k":"v"}}""")).Status);
        var (status, map) = await SendAsync("GET", Maps + "/a");
        Assert.Equal((HttpStatusCode.OK, "ConfigMap", "v1", "default"), (status, Text(map, "kind"), Text(map, "apiVersion"), Text(map["metadata"]!, "namespace")));
        (_, map) = await SendAsync("PATCH", Maps + "/a", """[{"op":"add","path":"/data/l","value":"w"}]""", "application/json-patch+json");
        Assert.Equal("w", Text(map["data"]!, "l"));
        (_, map) = await SendAsync("PATCH", Maps + "/a", """{"data":{"l":null}}""", "application/strategic-merge-patch+json");
        Assert.Null(map["data"]!["l"]);
        (_, map) = await SendAsync("PUT", Maps + "/a", """{"metadata":{"name":"a"},"data":{"k":"x"}}""");
        var (_, list) = await SendAsync("GET", "/api/v1/configmaps?limit=5");
        Assert.Equal(("ConfigMapList", "x", null), (Text(list, "kind"), Text(list["items"]![0]!["data"]!, "k"), list["items"]![0]!["kind"]));
        var wrong = await SendAsync("DELETE", Maps + "/a", """{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"other"}}""");
        Assert.Equal((HttpStatusCode.Conflict, "Conflict"), (wrong.Status, Text(wrong.Body, "reason")));
        var deleted = await SendAsync("DELETE", Maps + "/a");
        Assert.Equal((HttpStatusCode.OK, "Success"), (deleted.Status, Text(deleted.Body, "status")));
        Assert.Equal(["create", "get", "patch", "patch", "update", "list", "delete", "delete"], Server.Requests.Select(r => r.Verb));
        Assert.All(Server.Requests, r => Assert.Equal("alice", r.User));
    }

    [Fact]
    public async Task Leases_live_in_their_group()
    {
        var (status, lease) = await SendAsync("POST", "/apis/coordination.k8s.io/v1/namespaces/n/leases", """{"metadata":{"name":"a"},"spec":{"holderIdentity":"me"}}""");
        Assert.Equal((HttpStatusCode.Created, "coordination.k8s.io/v1"), (status, Text(lease, "apiVersion")));
        var (_, list) = await SendAsync("GET", "/apis/coordination.k8s.io/v1/leases");
        Assert.Equal("LeaseList", Text(list, "kind"));
    }

    [Fact]
    public async Task Only_metadata_is_sent_to_who_asks_for_it()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        foreach (var (path, kind) in new[] { (Maps + "/a", "PartialObjectMetadata"), (Maps, "PartialObjectMetadataList") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Accept", MetadataOnly + ",application/json");
            using var response = await _http.SendAsync(request, Cancellation);
            var text = await response.Content.ReadAsStringAsync(Cancellation);
            Assert.Equal(kind, Text(JsonNode.Parse(text)!, "kind"));
            Assert.DoesNotContain("data\":{\"k\"", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("GET", Maps + "/missing", null, "application/json", 404, "NotFound")]
    [InlineData("POST", Maps, "{", "application/json", 400, "BadRequest")]
    [InlineData("POST", Maps, "{}", "application/yaml", 415, "UnsupportedMediaType")]
    [InlineData("POST", Maps, "{}", "application/json", 422, "Invalid")]
    [InlineData("PATCH", Maps + "/a", "{}", "application/apply-patch+yaml", 415, "UnsupportedMediaType")]
    [InlineData("DELETE", Maps, null, "application/json", 405, "MethodNotAllowed")]
    [InlineData("GET", "/api/v1/namespaces/default/secrets", null, "application/json", 404, "NotFound")]
    [InlineData("GET", Maps + "?labelSelector=a+near+b", null, "application/json", 400, "BadRequest")]
    [InlineData("GET", Maps + "?resourceVersion=1000000", null, "application/json", 504, "Timeout")]
    public async Task A_refusal_is_a_status(string method, string path, string? body, string type, int code, string reason)
    {
        var (status, answer) = await SendAsync(method, path, body, type);
        Assert.Equal((code, "Status", reason, code), ((int)status, Text(answer, "kind"), Text(answer, "reason"), (int)answer["code"]!));
    }

    [Fact]
    public async Task A_body_above_three_mebibytes_is_too_large() =>
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync("POST", Maps, new string(' ', 3 * 1024 * 1024 + 1))).Status);

    [Fact]
    public async Task An_unknown_token_is_unauthorized_until_it_becomes_known()
    {
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "rotated");
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync("GET", Maps)).Status);
        _tokens["rotated"] = "bob";
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", Maps)).Status);
        Server.Deny("bob", "list", "configmaps");
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("GET", Maps)).Status);
    }

    [Fact]
    public async Task A_watch_sends_a_line_for_each_event_at_once()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        using var reader = await WatchAsync("?watch=1&allowWatchBookmarks=true&timeoutSeconds=90");
        Assert.Equal("ADDED", Text(await EventAsync(reader), "type"));
        await CreateAsync(NewMap("b"));
        Assert.Equal("b", Text((await EventAsync(reader))["object"]!["metadata"]!, "name"));
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("BOOKMARK", Text(await EventAsync(reader), "type"));
        Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("BOOKMARK", Text(await EventAsync(reader), "type"));
        Assert.Null(await reader.ReadLineAsync(Cancellation));
    }

    [Fact]
    public async Task An_expired_version_is_told_in_the_stream_and_a_broken_watch_breaks_the_connection()
    {
        var created = await CreateAsync(NewMap());
        await CreateAsync(NewMap("b"));
        Server.CompactHistory();
        using var expired = await WatchAsync($"?watch=true&resourceVersion={created.Metadata.ResourceVersion}");
        var error = await EventAsync(expired);
        Assert.Equal(("ERROR", 410), (Text(error, "type"), (int)error["object"]!["code"]!));
        Assert.Null(await expired.ReadLineAsync(Cancellation));
        using var broken = await WatchAsync("?watch=true&fieldSelector=metadata.name=none");
        Server.DisconnectWatches();
        await Assert.ThrowsAnyAsync<IOException>(async () => await broken.ReadLineAsync(Cancellation));
    }

    [Fact]
    public async Task Stopping_breaks_watches_and_does_not_wait_for_them()
    {
        using var watch = await WatchAsync("?watch=true");
        await _host.DisposeAsync();
        await Assert.ThrowsAnyAsync<IOException>(async () => await watch.ReadLineAsync(Cancellation));
    }

    private static string? Text(JsonNode node, string member) => (string?)node[member];

    private static async Task<JsonNode> EventAsync(StreamReader reader) => JsonNode.Parse((await reader.ReadLineAsync(Cancellation))!)!;

    private async Task<StreamReader> WatchAsync(string query) => new(await _http.GetStreamAsync(Maps + query, Cancellation));

    private async Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(string method, string path, string? body = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, type);
        using var response = await _http.SendAsync(request, Cancellation);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!);
    }
}
