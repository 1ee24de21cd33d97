using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class InMemoryWatchTests : InMemoryCluster
{
    [Fact]
    public async Task A_watch_sees_what_exists_then_what_happens()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        await using var watch = Watch();
        Assert.Equal((WatchEventType.Added, "a"), await watch.NextAsync());
        await PatchAsync(JsonPatchOperation.Add("/data/k", "w"));
        await PatchAsync(JsonPatchOperation.Add("/data/k", "w"));
        var last = (await watch.NextEventAsync()).Object;
        await Client.DeleteAsync(KubeResources.ConfigMaps, Key, cancellationToken: Cancellation);
        var deleted = await watch.NextEventAsync();
        Assert.Equal((WatchEventType.Deleted, "w"), (deleted.Type, deleted.Object.Data!["k"]));
        Assert.NotEqual(last.Metadata.ResourceVersion, deleted.Object.Metadata.ResourceVersion);
        Assert.Equal(1, Server.OpenWatches);
    }

    [Fact]
    public async Task A_watch_goes_on_from_a_version()
    {
        var created = await CreateAsync(NewMap("a", ("k", "v")));
        await PatchAsync(JsonPatchOperation.Add("/data/k", "w"));
        await using var watch = Watch(new WatchOptions { ResourceVersion = created.Metadata.ResourceVersion });
        Assert.Equal((WatchEventType.Modified, "a"), await watch.NextAsync());
    }

    [Fact]
    public async Task Entering_a_selector_is_an_addition_and_leaving_it_a_deletion()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        await using var watch = Watch(new WatchOptions { LabelSelector = "app=x" });
        var next = watch.NextEventAsync();
        await Time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancellation);
        await PatchAsync(JsonPatchOperation.Add("/metadata/labels", new JsonObject { ["app"] = "x" }));
        Assert.Equal(WatchEventType.Added, (await next).Type);
        var left = await PatchAsync(JsonPatchOperation.Replace("/metadata/labels/app", "y"));
        var deleted = await watch.NextEventAsync();
        Assert.Equal((WatchEventType.Deleted, left.Metadata.ResourceVersion), (deleted.Type, deleted.Object.Metadata.ResourceVersion));
        Assert.Equal("x", deleted.Object.Metadata.Labels!["app"]);
    }

    [Fact]
    public async Task A_version_that_was_compacted_is_gone_and_the_present_one_is_not()
    {
        var created = await CreateAsync(NewMap("a", ("k", "v")));
        var patched = await PatchAsync(JsonPatchOperation.Add("/data/k", "w"));
        Server.CompactHistory();
        await using var old = Watch(new WatchOptions { ResourceVersion = created.Metadata.ResourceVersion });
        var gone = await FailureOfAsync(old.MoveAsync);
        Assert.Equal((KubeFailure.Gone, "Expired", 410), (gone.Failure, gone.Reason, (int)gone.StatusCode!));
        await using var present = Watch(new WatchOptions { ResourceVersion = patched.Metadata.ResourceVersion });
        var next = present.NextAsync();
        await PatchAsync(JsonPatchOperation.Add("/data/k", "x"));
        Assert.Equal((WatchEventType.Modified, "a"), await next);
    }

    [Fact]
    public async Task A_version_of_the_future_is_silent()
    {
        await using var watch = Watch(new WatchOptions { ResourceVersion = "1000000", Timeout = TimeSpan.FromSeconds(10) });
        var end = watch.EndsAsync();
        await Time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Cancellation);
        await CreateAsync(NewMap());
        await Time.AdvanceAsync(TimeSpan.FromSeconds(8), cancellationToken: Cancellation);
        Assert.False(end.IsCompleted);
        await Time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Cancellation);
        Assert.True(await end);
    }

    [Fact]
    public async Task Bookmarks_come_every_minute_and_before_the_end()
    {
        var created = await CreateAsync(NewMap());
        await using var watch = Watch(new WatchOptions { ResourceVersion = created.Metadata.ResourceVersion, Timeout = TimeSpan.FromSeconds(100) });
        var next = watch.NextEventAsync();
        await Time.AdvanceAsync(TimeSpan.FromSeconds(60), cancellationToken: Cancellation);
        var bookmark = await next;
        Assert.Equal((WatchEventType.Bookmark, created.Metadata.ResourceVersion), (bookmark.Type, bookmark.Object.Metadata.ResourceVersion));
        await Time.AdvanceAsync(TimeSpan.FromSeconds(40), cancellationToken: Cancellation);
        Assert.Equal(WatchEventType.Bookmark, (await watch.NextEventAsync()).Type);
        Assert.True(await watch.EndsAsync());
        Assert.Equal(0, Server.OpenWatches);
        Assert.Equal(0, Time.ArmedTimers);
    }

    [Fact]
    public async Task Who_wants_no_bookmarks_gets_none()
    {
        await using var watch = Watch(new WatchOptions { AllowBookmarks = false, Timeout = TimeSpan.FromMinutes(10) });
        var end = watch.EndsAsync();
        await Time.AdvanceAsync(TimeSpan.FromMinutes(10), cancellationToken: Cancellation);
        Assert.True(await end);
    }

    [Fact]
    public async Task A_disconnected_watch_fails_and_a_new_one_goes_on()
    {
        var created = await CreateAsync(NewMap("a", ("k", "v")));
        await using var watch = Watch();
        await watch.NextAsync();
        Server.DisconnectWatches();
        Assert.Equal(KubeFailure.Unavailable, (await FailureOfAsync(watch.MoveAsync)).Failure);
        await PatchAsync(JsonPatchOperation.Add("/data/k", "w"));
        await using var resumed = Watch(new WatchOptions { ResourceVersion = created.Metadata.ResourceVersion });
        Assert.Equal((WatchEventType.Modified, "a"), await resumed.NextAsync());
    }

    [Fact]
    public async Task A_watch_of_metadata_by_name_sees_no_data_and_is_logged_with_its_name()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        await CreateAsync(NewMap("b"));
        var events = Client.WatchAsync(KubeResources.ConfigMaps.MetadataOnly, "default", new WatchOptions { FieldSelector = "metadata.name=b" }, Cancellation);
        await using var watch = new WatchReader<PartialObjectMetadata>(events.GetAsyncEnumerator(Cancellation));
        var added = await watch.NextEventAsync();
        Assert.Equal(("b", "PartialObjectMetadata", null), (added.Object.Metadata.Name, added.Object.Kind, added.Object.OtherFields));
        Assert.Equal("b", Server.Requests.Single(r => r.Verb == "watch").Name);
    }
}
