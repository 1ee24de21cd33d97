using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Testing;
using k8s;
using Microsoft.Extensions.Time.Testing;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>The same front over sockets.</summary>
public sealed class InMemoryApiServerHostTests : IAsyncLifetime
{
    private const string Maps = "/api/v1/namespaces/default/configmaps";

    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryApiServer _server;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Dictionary<string, string> _tokens = new() { ["secret"] = "alice" };
    private InMemoryApiServerHost _host = null!;

    public InMemoryApiServerHostTests() => _server = new InMemoryApiServer(_time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await InMemoryApiServerHost.StartAsync(_server, _tokens, cancellationToken: Cancellation);
        _http.BaseAddress = _host.Url;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret");
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
        _server.Dispose();
    }

    [Fact]
    public async Task Objects_are_created_read_patched_listed_and_deleted_by_their_paths()
    {
        (await SendAsync("POST", Maps, """{"metadata":{"name":"a"},"data":{"k":"v"}}""")).Status.Should().Be(HttpStatusCode.Created);
        var (status, map) = await SendAsync("GET", Maps + "/a");
        (status, Text(map, "kind"), Text(map, "apiVersion"), Text(map["metadata"]!, "namespace")).Should().Be((HttpStatusCode.OK, "ConfigMap", "v1", "default"));
        (_, map) = await SendAsync("PATCH", Maps + "/a", """[{"op":"add","path":"/data/l","value":"w"}]""", "application/json-patch+json");
        map["data"]!.ToJsonString().Should().Be("""{"k":"v","l":"w"}""");
        (_, map) = await SendAsync("PATCH", Maps + "/a", """{"data":{"l":null}}""", "application/strategic-merge-patch+json");
        map["data"]!.ToJsonString().Should().Be("""{"k":"v"}""");
        await SendAsync("PUT", Maps + "/a", """{"metadata":{"name":"a"},"data":{"k":"x"}}""");
        var (_, list) = await SendAsync("GET", "/api/v1/configmaps?limit=5");
        (Text(list, "kind"), Text(list["items"]![0]!["data"]!, "k"), list["items"]![0]!["kind"]).Should().Be(("ConfigMapList", "x", null));
        var wrong = await SendAsync("DELETE", Maps + "/a", """{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":"other"}}""");
        (wrong.Status, Text(wrong.Body, "reason")).Should().Be((HttpStatusCode.Conflict, "Conflict"));
        var deleted = await SendAsync("DELETE", Maps + "/a");
        (deleted.Status, Text(deleted.Body, "status")).Should().Be((HttpStatusCode.OK, "Success"));
        _server.Requests.Select(r => r.Verb).Should().Equal("create", "get", "patch", "patch", "update", "list", "delete", "delete");
        _server.Requests.Should().OnlyContain(r => r.User == "alice");
    }

    [Theory]
    [InlineData("GET", Maps + "/missing", null, "application/json", 404, "NotFound")]
    [InlineData("POST", Maps, "{", "application/json", 400, "BadRequest")]
    [InlineData("POST", Maps, "{}", "application/yaml", 415, "UnsupportedMediaType")]
    [InlineData("POST", Maps, "null", "application/json", 422, "Invalid")]
    [InlineData("PATCH", Maps + "/a", "{}", "application/apply-patch+yaml", 415, "UnsupportedMediaType")]
    [InlineData("DELETE", "/api/v1/configmaps", null, "application/json", 405, "MethodNotAllowed")]
    [InlineData("GET", "/api/v1/namespaces/default/secrets", null, "application/json", 404, "NotFound")]
    [InlineData("GET", Maps + "?labelSelector=a+near+b", null, "application/json", 400, "BadRequest")]
    [InlineData("GET", Maps + "?fieldSelector=data.k%3Dv", null, "application/json", 400, "BadRequest")]
    [InlineData("GET", Maps + "?limit=x", null, "application/json", 400, "BadRequest")]
    [InlineData("GET", Maps + "?continue=x", null, "application/json", 400, "BadRequest")]
    [InlineData("GET", Maps + "?resourceVersion=1000000", null, "application/json", 504, "Timeout")]
    [InlineData("GET", Maps + "?watch=1&resourceVersion=x", null, "application/json", 500, null)]
    public async Task A_refusal_is_a_status(string method, string path, string? body, string type, int code, string? reason)
    {
        var (status, answer) = await SendAsync(method, path, body, type);

        ((int)status, Text(answer, "kind"), Text(answer, "reason"), (int)answer["code"]!).Should().Be((code, "Status", reason, code));
    }

    [Fact]
    public async Task A_form_that_the_server_cannot_give_is_not_acceptable()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Maps);
        request.Headers.TryAddWithoutValidation("Accept", "application/yaml");

        (await _http.SendAsync(request, Cancellation)).StatusCode.Should().Be(HttpStatusCode.NotAcceptable);
    }

    [Fact]
    public async Task A_body_above_three_mebibytes_is_too_large() =>
        (await SendAsync("POST", Maps, new string(' ', (3 * 1024 * 1024) + 1))).Status.Should().Be(HttpStatusCode.RequestEntityTooLarge);

    [Fact]
    public async Task An_unknown_token_is_unauthorized_until_it_becomes_known()
    {
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "rotated");
        (await SendAsync("GET", Maps)).Status.Should().Be(HttpStatusCode.Unauthorized);
        _tokens["rotated"] = "bob";
        (await SendAsync("GET", Maps)).Status.Should().Be(HttpStatusCode.OK);
        _server.Deny("bob", "list", "configmaps");
        (await SendAsync("GET", Maps)).Status.Should().Be(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_watch_sends_a_line_for_each_event_at_once()
    {
        await CreateAsync("a");
        using var watch = await WatchAsync("?watch=1&allowWatchBookmarks=true&timeoutSeconds=90");
        (await watch.NextAsync()).Should().Be(("ADDED", "a"));
        await CreateAsync("b");
        (await watch.NextAsync()).Should().Be(("ADDED", "b"));

        _time.Advance(TimeSpan.FromMinutes(1));
        (await watch.NextEventAsync()).Type.Should().Be("BOOKMARK");
        _time.Advance(TimeSpan.FromSeconds(30));
        (await watch.NextEventAsync()).Type.Should().Be("BOOKMARK");
        (await watch.LineAsync()).Should().BeNull();
    }

    [Fact]
    public async Task An_expired_version_is_an_error_in_the_stream()
    {
        var version = await CreateAsync("a");
        await CreateAsync("b");
        _server.CompactHistory();

        using var expired = await WatchAsync($"?watch=true&resourceVersion={version}");

        var (type, status) = await expired.NextEventAsync();
        (type, (int)status["code"]!).Should().Be(("ERROR", 410));
        (await expired.LineAsync()).Should().BeNull();
    }

    [Fact]
    public async Task A_disconnected_watch_breaks_its_connection()
    {
        using var watch = await WatchAsync("?watch=true");

        _server.DisconnectWatches();

        await FluentActions.Awaiting(watch.LineAsync).Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task A_watch_whose_client_leaves_is_closed_at_the_server()
    {
        (await WatchAsync("?watch=true")).Dispose();

        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        while (_server.OpenWatches > 0)
        {
            await tick.WaitForNextTickAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Stopping_breaks_watches_and_does_not_wait_for_them()
    {
        using var watch = await WatchAsync("?watch=true");

        await _host.DisposeAsync();

        await FluentActions.Awaiting(watch.LineAsync).Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task The_official_client_reaches_it_over_HTTPS_with_the_kubeconfig()
    {
        var folder = Directory.CreateTempSubdirectory("kubeconfig-");
        try
        {
            await using var host = await InMemoryApiServerHost.StartAsync(_server, useTls: true, cancellationToken: Cancellation);
            var file = Path.Combine(folder.FullName, "config");
            host.WriteKubeConfig(file, "carol");
            using var client = new k8s.Kubernetes(KubernetesClientConfiguration.BuildConfigFromConfigFile(file));
            await CreateAsync("a");

            using var read = await client.CoreV1.ReadNamespacedConfigMapWithHttpMessagesAsync("a", "default", cancellationToken: Cancellation);

            read.Response.Version.Should().Be(HttpVersion.Version20);
            read.Body.Metadata.Name.Should().Be("a");
            _server.Requests[^1].User.Should().Be("carol");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_official_client_reaches_it_over_plain_HTTP()
    {
        using var client = new k8s.Kubernetes(new KubernetesClientConfiguration { Host = _host.Url.ToString(), AccessToken = "secret" });
        await CreateAsync("a");

        (await client.CoreV1.ListNamespacedConfigMapAsync("default", cancellationToken: Cancellation)).Items.Should().ContainSingle();
    }

    private static string? Text(JsonNode node, string member) => (string?)node[member];

    private async Task<string> CreateAsync(string name) =>
        Text((await SendAsync("POST", Maps, $$$"""{"metadata":{"name":"{{{name}}}"}}""")).Body["metadata"]!, "resourceVersion")!;

    private Task<WatchLines> WatchAsync(string query) => WatchLines.OpenAsync(_http, new Uri(_host.Url, Maps + query));

    private async Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(string method, string path, string? body = null, string type = "application/json")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, type);
        using var response = await _http.SendAsync(request, Cancellation);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!);
    }
}
