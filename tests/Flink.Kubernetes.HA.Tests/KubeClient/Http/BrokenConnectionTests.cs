using System.Net;
using System.Net.Sockets;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

/// <summary>Real sockets on loopback, where it matters what the runtime makes of a broken connection.</summary>
public sealed class BrokenConnectionTests
{
    private const string HalfAnswer = """{"kind":"ConfigMap","metadata":{"name":"a",""";

    [Fact]
    public async Task A_read_survives_connections_that_close_before_or_within_the_answer()
    {
        await using var server = new ScriptedServer(
            ScriptedServer.Close,
            ScriptedServer.CloseWithinBody(HalfAnswer),
            ScriptedServer.CloseWithinBody("{\"kind\":\"Status\"", "404 Not Found"),
            ScriptedServer.Answer(ConfigMapJson));
        await using var client = OverSockets(server.Url);

        Assert.Equal("v", (await client.GetAsync(KubeResources.ConfigMaps, Key, Token)).Data!["k"]);
        Assert.Equal(4, server.Requests.Count);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("update")]
    [InlineData("patch")]
    [InlineData("delete")]
    public async Task A_write_whose_connection_closes_unanswered_is_unknown_and_was_sent_once(string verb)
    {
        await using var server = new ScriptedServer(ScriptedServer.Close, ScriptedServer.Answer(ConfigMapJson));
        await using var client = OverSockets(server.Url);

        await IsUnknown(client, verb, server);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("update")]
    [InlineData("patch")]
    [InlineData("delete")]
    public async Task Nor_is_a_write_on_a_pooled_connection_sent_again_behind_our_back(string verb)
    {
        // The runtime repeats requests without a body by itself when a connection that was used before breaks.
        await using var server = new ScriptedServer(ScriptedServer.Answer(ConfigMapJson), ScriptedServer.Close, ScriptedServer.Answer(ConfigMapJson));
        await using var client = OverSockets(server.Url);
        await client.GetAsync(KubeResources.ConfigMaps, Key, Token);
        server.Requests.Clear();

        await IsUnknown(client, verb, server);
    }

    [Fact]
    public async Task A_write_whose_answer_breaks_off_is_unknown()
    {
        await using var server = new ScriptedServer(ScriptedServer.CloseWithinBody(HalfAnswer), ScriptedServer.Answer(ConfigMapJson));
        await using var client = OverSockets(server.Url);

        await IsUnknown(client, "patch", server);
    }

    [Fact]
    public async Task A_refused_connection_is_out_of_reach_and_the_write_certainly_had_no_effect()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var url = new Uri($"http://127.0.0.1:{((IPEndPoint)closed.LocalEndpoint).Port}");
        closed.Stop();
        await using var client = OverSockets(url);

        var failure = await FailureOf(() => Write(client, "patch"));

        Assert.Equal((KubeFailure.Unavailable, false), (failure.Failure, failure.IsOutcomeUnknown));
        Assert.Contains($"{url.Authority} could not be reached: Connection refused", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_speak_tls_is_out_of_reach()
    {
        await using var server = new ScriptedServer();
        await using var client = OverSockets(new Uri($"https://{server.Url.Authority}"), new KubeClientOptions { MaxRetries = 0, ConnectTimeout = TimeSpan.FromMilliseconds(300) });

        var failure = await FailureOf(() => Write(client, "patch"));

        Assert.Equal((KubeFailure.Unavailable, false), (failure.Failure, failure.IsOutcomeUnknown));
    }

    [Theory]
    [InlineData(true, """{"type":"ADD""")]
    [InlineData(false, """{"type":"ADD""")]
    [InlineData(false, "")]
    public async Task A_watch_that_breaks_is_unavailable_after_the_events_that_came(bool orderly, string rest)
    {
        var line = $$"""{"type":"ADDED","object":{{ConfigMapJson}}}""" + "\n";
        await using var server = new ScriptedServer(ScriptedServer.Chunks(orderly, [line, .. rest.Length == 0 ? Array.Empty<string>() : [rest]]));
        await using var client = OverSockets(server.Url);
        await using var watch = client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token).GetAsyncEnumerator(Token);

        Assert.True(await watch.MoveNextAsync());
        var failure = await FailureOf(async () => await watch.MoveNextAsync());

        Assert.Equal((KubeFailure.Unavailable, false), (failure.Failure, failure.IsOutcomeUnknown));
    }

    [Fact]
    public async Task A_watch_that_the_server_ends_ends()
    {
        var line = $$"""{"type":"ADDED","object":{{ConfigMapJson}}}""" + "\n";
        await using var server = new ScriptedServer(ScriptedServer.Chunks(end: true, line[..20], line[20..]));
        await using var client = OverSockets(server.Url);

        Assert.Single(await ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_watch_that_is_cancelled_or_left_closes_its_connection(bool cancel)
    {
        using var caller = new CancellationTokenSource();
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new ScriptedServer(ScriptedServer.ChunksUntilClientLeaves(left, $$"""{"type":"ADDED","object":{{ConfigMapJson}}}""" + "\n"));
        await using var client = OverSockets(server.Url);
        var watch = client.WatchAsync(KubeResources.ConfigMaps, "ns", null, caller.Token).GetAsyncEnumerator(Token);
        Assert.True(await watch.MoveNextAsync());

        if (cancel)
        {
            var next = watch.MoveNextAsync();
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        }

        await watch.DisposeAsync();
        await left.Task.WaitAsync(Token);
    }

    private static async Task IsUnknown(HttpKubeClient client, string verb, ScriptedServer server)
    {
        var failure = await FailureOf(() => Write(client, verb));

        Assert.Equal((KubeFailure.Unavailable, true, verb), (failure.Failure, failure.IsOutcomeUnknown, failure.Verb));
        Assert.Single(server.Requests);
    }

    private static Task Write(HttpKubeClient client, string verb) => verb switch
    {
        "create" => client.CreateAsync(KubeResources.ConfigMaps, Item, Token),
        "update" => client.ReplaceAsync(KubeResources.ConfigMaps, Item, Token),
        "patch" => client.PatchAsync(KubeResources.ConfigMaps, Key, Patch, Token),
        _ => client.DeleteAsync(KubeResources.ConfigMaps, Key, null, Token),
    };
}
