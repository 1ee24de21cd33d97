using System.IO.Pipelines;
using System.Text;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

public sealed class WatchStreamTests
{
    [Fact]
    public async Task Events_are_yielded_in_order_until_the_server_ends_the_watch()
    {
        var events = await Watch(
            $$"""{"type":"ADDED","object":{{ConfigMapJson}}}""",
            $$"""{"object":{{ConfigMapJson}},"type":"MODIFIED","later":[{"a":1}]}""",
            $$"""{"type":"DELETED","object":{{ConfigMapJson}}}""",
            """{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"99","creationTimestamp":null}}}""");

        Assert.Equal([WatchEventType.Added, WatchEventType.Modified, WatchEventType.Deleted, WatchEventType.Bookmark], events.Select(e => e.Type));
        Assert.Equal(["v", "v", "v", null], events.Select(e => e.Object.Data?["k"]));
        Assert.Equal("99", events[3].Object.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task An_event_may_come_in_pieces_of_any_size()
    {
        var pipe = new Pipe();
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Stream(pipe.Reader.AsStream())));
        var large = new string('ü', 300_000);
        var line = Encoding.UTF8.GetBytes("""{"type":"ADDED","object":{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"LARGE"}}}""".Replace("LARGE", large, StringComparison.Ordinal) + "\n");
        var all = ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token));

        foreach (var piece in line.Concat(line).Chunk(777))
        {
            await pipe.Writer.WriteAsync(piece, Token);
        }

        await pipe.Writer.CompleteAsync();
        Assert.Equal([large, large], (await all).Select(e => e.Object.Data!["k"]));
    }

    [Fact]
    public async Task An_expired_resource_version_is_gone_as_event_and_as_status()
    {
        var asEvent = await FailureOf(() => Watch("""{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old resource version: 1 (9)","reason":"Expired","code":410}}"""));
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Status(410, "Expired")));
        var asStatus = await FailureOf(() => ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token)));

        Assert.All([asEvent, asStatus], f => Assert.Equal((KubeFailure.Gone, "Expired", "watch"), (f.Failure, f.Reason, f.Verb)));
        Assert.Contains("too old resource version", asEvent.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_error_events_keep_their_code()
    {
        var failure = await FailureOf(() => Watch("""{"type":"ERROR","object":{"kind":"Status","message":"etcd","reason":"InternalError","code":500,"details":{"retryAfterSeconds":2}}}"""));

        Assert.Equal((KubeFailure.Unavailable, TimeSpan.FromSeconds(2)), (failure.Failure, failure.RetryAfter));
        Assert.False(failure.IsOutcomeUnknown);
    }

    [Theory]
    [InlineData("""{"type":"ADDED","object":{"kind":"ConfigMap","metadata":{"na""")]
    [InlineData("{")]
    public async Task A_stream_that_ends_within_an_event_was_broken(string half)
    {
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Json(half)));

        var failure = await FailureOf(() => ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token)));

        Assert.Equal(KubeFailure.Unavailable, failure.Failure);
    }

    [Theory]
    [InlineData("""{"type":"ADDED","object":{"kind":"Secret","metadata":{"name":"a"}}}""")]
    [InlineData("""{"type":"RENAMED","object":{"kind":"ConfigMap","metadata":{"name":"a"}}}""")]
    [InlineData("""{"type":"ADDED"}""")]
    [InlineData("""{"type":"ADDED","object":null}""")]
    [InlineData("""{"object":{"kind":"ConfigMap"}}""")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("""{"type":"ADDED","object":{"kind":"ConfigMap","data":7}}""")]
    public async Task A_line_that_is_no_event_is_unexpected_never_a_raw_parser_error(string line) =>
        Assert.Equal(KubeFailure.UnexpectedResponse, (await FailureOf(() => Watch(line))).Failure);

    [Fact]
    public async Task A_line_without_end_is_given_up()
    {
        await using var endless = new EndlessStream();
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Stream(endless)));

        var failure = await FailureOf(() => ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token)));

        Assert.Equal(KubeFailure.UnexpectedResponse, failure.Failure);
        Assert.Contains("longer than 16 MiB", failure.Message, StringComparison.Ordinal);
        Assert.True(endless.IsDisposed);
    }

    [Fact]
    public async Task An_html_page_is_not_a_watch()
    {
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Text("<html></html>", 200, "text/html")));

        Assert.Equal(KubeFailure.UnexpectedResponse, (await FailureOf(() => ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token)))).Failure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Cancelling_or_leaving_a_watch_frees_its_connection(bool cancel)
    {
        using var caller = new CancellationTokenSource();
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes($$"""{"type":"ADDED","object":{{ConfigMapJson}}}""" + "\n"), Token);
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Stream(pipe.Reader.AsStream())));

        var watch = client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token).WithCancellation(caller.Token).GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        if (cancel)
        {
            var next = watch.MoveNextAsync();
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        }

        await watch.DisposeAsync();
        Assert.True((await pipe.Writer.FlushAsync(Token)).IsCompleted);
    }

    private static async Task<List<WatchEvent<ConfigMap>>> Watch(params string[] lines)
    {
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Json(string.Concat(lines.Select(l => l + "\n")))));
        return await ReadAll(client.WatchAsync(KubeResources.ConfigMaps, "ns", null, Token));
    }
}
