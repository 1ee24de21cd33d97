using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.Testing;

[Collection(SimulatedTime.Name)]
public sealed class InMemoryWatchTests : InMemoryCluster
{
    private const string Touch = """{"op":"add","path":"/data/k","value":"w"}""";

    [Fact]
    public async Task A_watch_sees_what_exists_then_what_happens()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        using var watch = await WatchAsync();
        (await watch.NextAsync()).Should().Be(("ADDED", "a"));

        await PatchAsync(Touch);
        await PatchAsync(Touch);
        var (_, last) = await watch.NextEventAsync();
        await Client.CoreV1.DeleteNamespacedConfigMapAsync("a", Space, cancellationToken: Cancellation);
        var (type, deleted) = await watch.NextEventAsync();

        (type, (string?)deleted["data"]!["k"]).Should().Be(("DELETED", "w"));
        ((string?)deleted["metadata"]!["resourceVersion"]).Should().NotBe((string?)last["metadata"]!["resourceVersion"]);
        Server.OpenWatches.Should().Be(1);
    }

    [Fact]
    public async Task A_watch_that_is_disposed_is_closed_at_the_server()
    {
        (await WatchAsync()).Dispose();

        Server.OpenWatches.Should().Be(0);
        Time.ArmedTimers.Should().Be(0);
    }

    [Fact]
    public async Task A_read_of_a_watch_ends_when_it_is_canceled()
    {
        using var response = await Client.HttpClient.GetAsync(
            new Uri(Client.BaseUri, "/api/v1/configmaps?watch=1"), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        using var source = new CancellationTokenSource();
        var read = (await response.Content.ReadAsStreamAsync(Cancellation)).ReadAsync(new byte[1], source.Token).AsTask();

        await source.CancelAsync();

        await FluentActions.Awaiting(() => read).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task The_official_client_watches()
    {
        await CreateAsync(NewMap());
        var events = Client.CoreV1.WatchListNamespacedConfigMapAsync(Space, cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);

        (await events.MoveNextAsync()).Should().BeTrue();
        events.Current.Should().BeEquivalentTo((WatchEventType.Added, new { Metadata = new { Name = "a" } }));
        await events.DisposeAsync();
    }

    [Fact]
    public async Task A_watch_resumes_from_a_version()
    {
        var created = await CreateAsync(NewMap("a", ("k", "v")));
        await PatchAsync(Touch);

        using var watch = await WatchAsync($"&resourceVersion={created.Metadata.ResourceVersion}");

        (await watch.NextAsync()).Should().Be(("MODIFIED", "a"));
    }

    [Fact]
    public async Task Entering_a_selector_is_an_addition_and_leaving_it_a_deletion()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        using var watch = await WatchAsync("&labelSelector=app%3Dx");

        await PatchAsync("""{"op":"add","path":"/metadata/labels","value":{"app":"x"}}""");
        (await watch.NextAsync()).Should().Be(("ADDED", "a"));
        var left = await PatchAsync("""{"op":"replace","path":"/metadata/labels/app","value":"y"}""");
        var (type, deleted) = await watch.NextEventAsync();

        type.Should().Be("DELETED");
        deleted["metadata"]!.ToJsonString().Should().Contain($"\"resourceVersion\":\"{left.Metadata.ResourceVersion}\"").And.Contain("\"app\":\"x\"");
    }

    [Fact]
    public async Task A_version_that_was_compacted_is_answered_410_in_the_stream_and_the_present_one_is_not()
    {
        var created = await CreateAsync(NewMap("a", ("k", "v")));
        var patched = await PatchAsync(Touch);
        Server.CompactHistory();

        using var old = await WatchAsync($"&resourceVersion={created.Metadata.ResourceVersion}");
        var (type, status) = await old.NextEventAsync();
        (type, (int)status["code"]!, (string?)status["reason"]).Should().Be(("ERROR", 410, "Expired"));
        (await old.LineAsync()).Should().BeNull();
        using var present = await WatchAsync($"&resourceVersion={patched.Metadata.ResourceVersion}");
        await PatchAsync("""{"op":"add","path":"/data/k","value":"x"}""");
        (await present.NextAsync()).Should().Be(("MODIFIED", "a"));
    }

    [Fact]
    public async Task A_version_of_the_future_is_silent()
    {
        using var watch = await WatchAsync("&resourceVersion=1000000&timeoutSeconds=10");
        var end = watch.LineAsync();
        await AdvanceAsync(1);
        await CreateAsync(NewMap());
        await AdvanceAsync(8);
        end.IsCompleted.Should().BeFalse();

        await AdvanceAsync(1);

        (await end).Should().BeNull();
    }

    [Fact]
    public async Task Bookmarks_come_every_minute_and_before_the_end()
    {
        var created = await CreateAsync(NewMap());
        using var watch = await WatchAsync($"&resourceVersion={created.Metadata.ResourceVersion}&timeoutSeconds=100&allowWatchBookmarks=true");
        var next = watch.NextEventAsync();

        await AdvanceAsync(60);
        var (type, bookmark) = await next;
        (type, (string?)bookmark["metadata"]!["resourceVersion"]).Should().Be(("BOOKMARK", created.Metadata.ResourceVersion));
        await AdvanceAsync(40);
        (await watch.NextEventAsync()).Type.Should().Be("BOOKMARK");
        (await watch.LineAsync()).Should().BeNull();
        Server.OpenWatches.Should().Be(0);
    }

    [Fact]
    public async Task Who_wants_no_bookmarks_gets_none()
    {
        using var watch = await WatchAsync("&timeoutSeconds=600");
        var end = watch.LineAsync();

        await AdvanceAsync(600);

        (await end).Should().BeNull();
    }

    [Fact]
    public async Task A_disconnected_watch_breaks_and_a_new_one_resumes()
    {
        var created = await CreateAsync(NewMap("a", ("k", "v")));
        using var watch = await WatchAsync();
        await watch.NextAsync();

        Server.DisconnectWatches();

        (await FluentActions.Awaiting(watch.LineAsync).Should().ThrowAsync<HttpIOException>()).Which.HttpRequestError.Should().Be(HttpRequestError.ResponseEnded);
        await PatchAsync(Touch);
        using var resumed = await WatchAsync($"&resourceVersion={created.Metadata.ResourceVersion}");
        (await resumed.NextAsync()).Should().Be(("MODIFIED", "a"));
    }

    [Fact]
    public async Task A_watch_of_metadata_by_name_sees_no_data_and_is_logged_with_its_name()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        await CreateAsync(NewMap("b", ("k", "v")));

        using var watch = await WatchAsync("&fieldSelector=metadata.name%3Db", accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1");
        var (_, added) = await watch.NextEventAsync();

        ((string?)added["metadata"]!["name"], (string?)added["kind"], added["data"]).Should().Be(("b", "PartialObjectMetadata", null));
        Server.Requests.Should().ContainSingle(request => request.Verb == "watch").Which.Name.Should().Be("b");
    }
}
