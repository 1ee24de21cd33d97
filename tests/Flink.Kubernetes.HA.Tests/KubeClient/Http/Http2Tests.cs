using System.Net;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Authentication;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

/// <summary>HTTP/2 as real API servers speak it: what the runtime makes of resets, goodbyes and silence.</summary>
public sealed class Http2Tests : IDisposable
{
    private const int InternalError = 2;
    private const int RefusedStream = 7;

    private readonly TestCertificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Fact]
    public async Task Requests_and_a_watch_share_one_connection()
    {
        await using var server = Serve(
            Http2Server.Answer($$"""{"type":"ADDED","object":{{ConfigMapJson}}}""" + "\n", end: false),
            Http2Server.Answer(ConfigMapJson),
            Http2Server.Answer(ConfigMapJson));
        await using var client = Connect(server);

        await using var watch = client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token).GetAsyncEnumerator(Token);
        Assert.True(await watch.MoveNextAsync());
        await client.GetAsync(KubeResources.ConfigMaps, Key, Token);
        await client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token);

        Assert.Equal((3, 1), (server.Requests, server.Connections));
    }

    public static TheoryData<string> Breaks => ["close", "reset", "goodbye"];

    [Theory]
    [MemberData(nameof(Breaks))]
    public async Task A_write_whose_answer_was_lost_is_unknown_and_was_sent_once(string how)
    {
        foreach (var write in new Func<HttpKubeClient, Task>[]
        {
            client => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token),
            client => client.DeleteAsync(KubeResources.ConfigMaps, Key, null, Token),
        })
        {
            await using var server = Serve(Http2Server.Answer(ConfigMapJson), Break(how), Http2Server.Answer(ConfigMapJson));
            await using var client = Connect(server);
            await client.GetAsync(KubeResources.ConfigMaps, Key, Token);

            var failure = await FailureOf(() => write(client));

            Assert.Equal((KubeFailure.Unavailable, true), (failure.Failure, failure.IsOutcomeUnknown));
            Assert.Equal(2, server.Requests);
        }
    }

    [Theory]
    [MemberData(nameof(Breaks))]
    public async Task A_read_is_sent_again(string how)
    {
        await using var server = Serve(Break(how), Http2Server.Answer(ConfigMapJson));
        await using var client = Connect(server);

        Assert.Equal("v", (await client.GetAsync(KubeResources.ConfigMaps, Key, Token)).Data!["k"]);
        Assert.Equal(2, server.Requests);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_that_the_server_says_it_has_not_touched_is_sent_again(bool refused)
    {
        var untouched = refused ? Http2Server.ResetStream(RefusedStream) : Http2Server.SayGoodbye(stillTaken: false);
        await using var server = Serve(untouched, Http2Server.Answer(ConfigMapJson));
        await using var client = Connect(server);

        Assert.Equal("7", (await client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token)).Metadata.ResourceVersion);
        Assert.Equal(2, server.Requests);
    }

    [Fact]
    public async Task A_silent_connection_is_noticed_by_pings_and_breaks_its_watch()
    {
        await using var server = new Http2Server(
            _certificates.Server("api", IPAddress.Loopback),
            Http2Server.Answer($$"""{"type":"ADDED","object":{{ConfigMapJson}}}""" + "\n", end: false))
        {
            AnswersPings = false,
        };
        await using var client = Connect(server, new KubeClientOptions { KeepAlivePingDelay = TimeSpan.FromSeconds(1), KeepAlivePingTimeout = TimeSpan.FromSeconds(1) });
        await using var watch = client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token).GetAsyncEnumerator(Token);
        Assert.True(await watch.MoveNextAsync());

        var failure = await FailureOf(async () => await watch.MoveNextAsync());

        Assert.Equal(KubeFailure.Unavailable, failure.Failure);
    }

    private static Http2Server.Reaction Break(string how) => how switch
    {
        "close" => Http2Server.Close,
        "reset" => Http2Server.ResetStream(InternalError),
        _ => Http2Server.SayGoodbye(stillTaken: true),
    };

    private Http2Server Serve(params Http2Server.Reaction[] script) => new(_certificates.Server("api", IPAddress.Loopback), script);

    private HttpKubeClient Connect(Http2Server server, KubeClientOptions? options = null) => new(
        new KubeConnection(server.Url, "ns", new TlsSettings { CertificateAuthorities = [_certificates.Authority] }, null, new StubCredential("token")),
        options ?? new KubeClientOptions { RetryDelay = TimeSpan.FromMilliseconds(1) });
}
