using System.IO.Pipelines;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>One connection of a watch, event by event.</summary>
public sealed class WatchStreamTests : RequestTest
{
    [Fact]
    public async Task Events_come_in_order_until_the_server_ends_the_watch()
    {
        var events = await WatchAsync(
            $$"""{"type":"ADDED","object":{{Answer.ConfigMap}}}""",
            $$"""{"object":{{Answer.ConfigMap}},"type":"MODIFIED","later":[{"a":1}]}""",
            $$"""{ "later" : {"type":"DELETED"}, "type" : "DELETED" , "object" : {{Answer.ConfigMap}} } """,
            """{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"99","creationTimestamp":null}}}""",
            """{"type":"ADDED","object":{"kind":"PartialObjectMetadata","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"8"}}}""");

        events.Select(one => one.Type).Should().Equal(
            ConfigMapEventType.Added, ConfigMapEventType.Modified, ConfigMapEventType.Deleted, ConfigMapEventType.Bookmark, ConfigMapEventType.Added);
        events.Select(one => one.ConfigMap?.Data.GetValueOrDefault("k")).Should().Equal("v", "v", "v", null, null);
        events.Select(one => one.ResourceVersion).Should().Equal("7", "7", "7", "99", "8");
        events[3].ConfigMap.Should().BeNull();
    }

    [Fact]
    public async Task An_event_may_come_in_pieces_of_any_size()
    {
        var pipe = new Pipe();
        Responds(() => Answer.Stream(200, pipe.Reader.AsStream()));
        var large = new string('ü', 300_000);
        var line = Encoding.UTF8.GetBytes($$"""{"type":"ADDED","object":{{Answer.ConfigMap.Replace("\"v\"", $"\"{large}\"", StringComparison.Ordinal)}}}""" + "\n");
        var all = ReadAllAsync(Watch());

        foreach (var piece in line.Concat(line).Chunk(777))
        {
            await pipe.Writer.WriteAsync(piece, Canceled);
        }

        await pipe.Writer.CompleteAsync();
        (await all).Select(one => one.ConfigMap!.Data["k"]).Should().Equal(large, large);
    }

    [Theory]
    [InlineData(410, "Expired", KubernetesFailure.Gone)]
    [InlineData(410, "Gone", KubernetesFailure.Gone)]
    [InlineData(500, "InternalError", KubernetesFailure.Unavailable)]
    [InlineData(403, "Forbidden", KubernetesFailure.Forbidden)]
    public async Task An_ERROR_event_is_thrown_with_the_servers_code_and_nothing_after_it_is_read(int status, string reason, KubernetesFailure expected)
    {
        var failure = await FailureOfAsync(WatchAsync(
            $$"""{"type":"ERROR","object":{{Answer.StatusJson(status, reason, "too old resource version: 1 (9)").ToJsonString()}}}""",
            $$"""{"type":"ADDED","object":{{Answer.ConfigMap}}}"""));

        (failure.Failure, failure.Reason, failure.Verb, failure.StatusCode).Should().Be((expected, reason, "watch", (HttpStatusCode)status));
        failure.Message.Should().Contain("too old resource version: 1 (9)");
    }

    [Theory]
    [InlineData("""{"type":"ERROR","object":{"kind":"Status","reason":"Expired"}}""", KubernetesFailure.Gone)]
    [InlineData("""{"type":"ERROR","object":null}""", KubernetesFailure.Unavailable)]
    [InlineData("""{"type":"ERROR"}""", KubernetesFailure.Unavailable)]
    [InlineData("""{"type":"ERROR","object":{"code":0}}""", KubernetesFailure.Other)]
    [InlineData("""{"type":"ERROR","object":{"code":"x"}}""", KubernetesFailure.Unavailable)]
    public async Task An_ERROR_event_without_a_code_is_a_failure_too(string line, KubernetesFailure expected) =>
        (await FailureOfAsync(WatchAsync(line))).Failure.Should().Be(expected);

    [Theory]
    [InlineData("""{"type":"ADDED","object":{"kind":"ConfigMap","metadata":{"na""")]
    [InlineData("{")]
    public async Task A_stream_that_ends_within_an_event_was_broken(string half)
    {
        Responds(200, half);

        (await FailureOfAsync("watch")).Failure.Should().Be(KubernetesFailure.Unavailable);
    }

    [Fact]
    public async Task A_connection_that_breaks_after_an_event_yields_the_event_and_then_a_failure()
    {
        var pipe = new Pipe();
        Responds(() => Answer.Stream(200, pipe.Reader.AsStream()));
        await using var watch = Watch().GetAsyncEnumerator(Canceled);
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes($$"""{"type":"ADDED","object":{{Answer.ConfigMap}}}""" + "\n"), Canceled);
        (await watch.MoveNextAsync()).Should().BeTrue();

        await pipe.Writer.CompleteAsync(new HttpIOException(HttpRequestError.ResponseEnded, "reset"));

        (await FailureOfAsync(watch.MoveNextAsync().AsTask())).Failure.Should().Be(KubernetesFailure.Unavailable);
    }

    [Theory]
    [InlineData("""{"type":"ADDED","object":{"kind":"Secret","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7"}}}""")]
    [InlineData("""{"type":"RENAMED","object":{"kind":"ConfigMap","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7"}}}""")]
    [InlineData("""{"type":"added","object":{"kind":"ConfigMap","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7"}}}""")]
    [InlineData("""{"type":"ADDED","object":{"kind":"ConfigMap","data":{"k":"v"}}}""")]
    [InlineData("""{"type":"ADDED","object":{"kind":"ConfigMap","metadata":null}}""")]
    [InlineData("""{"type":"ADDED","object":{"kind":"ConfigMap","metadata":{"name":"a"}}}""")]
    [InlineData("""{"type":"ADDED"}""")]
    [InlineData("""{"type":"ADDED","object":null}""")]
    [InlineData("""{"type":"ADDED","object":7}""")]
    [InlineData("""{"type":"BOOKMARK","object":{"kind":"Status"}}""")]
    [InlineData("""{"type":7,"object":{"kind":"ConfigMap"}}""")]
    [InlineData("""{"object":{"kind":"ConfigMap"}}""")]
    [InlineData("""{"type":"ADDED","object":{"kind":"ConfigMap","data":7}}""")]
    [InlineData("""{"type":"ADDED","object":{"kind":"ConfigMap","metadata":{"creationTimestamp":"x"}}}""")]
    [InlineData("""{"type":"\ud800","object":{}}""")]
    [InlineData("""{"hello":1}""")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("<html>")]
    public async Task A_line_that_is_no_event_of_a_ConfigMap_is_unexpected(string line) =>
        (await FailureOfAsync(WatchAsync(line))).Failure.Should().Be(KubernetesFailure.UnexpectedResponse);

    [Fact]
    public async Task A_line_without_an_end_is_not_read_for_ever()
    {
        using var endless = new EndlessStream();
        Responds(() => Answer.Stream(200, endless));

        (await FailureOfAsync("watch")).Message.Should().Contain("longer than 16 MiB");

        endless.IsDisposed.Should().BeTrue();
    }

    [Fact]
    public async Task An_html_page_is_not_a_watch()
    {
        Responds(200, "<html></html>", "text/html");

        (await FailureOfAsync("watch")).Failure.Should().Be(KubernetesFailure.UnexpectedResponse);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Canceling_or_leaving_a_watch_closes_its_stream(bool cancel)
    {
        using var caller = new CancellationTokenSource();
        var pipe = new Pipe();
        await pipe.Writer.WriteAsync(Encoding.UTF8.GetBytes($$"""{"type":"ADDED","object":{{Answer.ConfigMap}}}""" + "\n"), Canceled);
        Responds(() => Answer.Stream(200, pipe.Reader.AsStream()));

        var watch = Watch().WithCancellation(caller.Token).GetAsyncEnumerator();
        (await watch.MoveNextAsync()).Should().BeTrue();
        if (cancel)
        {
            var next = watch.MoveNextAsync();
            await caller.CancelAsync();
            await Awaiting(async () => await next).Should().ThrowAsync<OperationCanceledException>();
        }

        await watch.DisposeAsync();
        (await pipe.Writer.FlushAsync(Canceled)).IsCompleted.Should().BeTrue();
    }

    private IAsyncEnumerable<ConfigMapEvent> Watch() => Requests.WatchAsync("ns", new ConfigMapSelection(), "1", TimeSpan.FromMinutes(5), CancellationToken.None);

    private Task<List<ConfigMapEvent>> WatchAsync(params string[] lines)
    {
        Responds(200, string.Concat(lines.Select(line => line + "\n")));
        return ReadAllAsync(Watch());
    }

    private sealed class EndlessStream : MemoryStream
    {
        public bool IsDisposed { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)'x');
            return ValueTask.FromResult(buffer.Length);
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
