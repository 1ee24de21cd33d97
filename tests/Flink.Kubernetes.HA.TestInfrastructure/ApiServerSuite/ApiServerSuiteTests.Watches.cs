using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

public abstract partial class ApiServerSuiteTests
{
    [Fact]
    public async Task A_watch_from_nothing_first_sends_what_exists()
    {
        var a = await CreateLabelledAsync("a", ("w", "1"));
        await CreateLabelledAsync("b", ("w", "1"));
        using var watch = await WatchAsync(new WatchQuery(Labels: "w"));
        var existing = await watch.TakeAsync(2);
        existing.Select(e => $"{e.Type} {e.Name}").Should().BeEquivalentTo("ADDED a", "ADDED b");
        existing.Single(e => e.Name == "a").Version.Should().Be(a.Metadata.ResourceVersion);
        await SetAsync("a", "k", "2");
        (await watch.NextAsync("MODIFIED", "a")).Object.Data["k"].Should().Be("2");
    }

    [Fact]
    public async Task A_watch_from_an_older_version_replays_everything_since()
    {
        var a = await CreateAsync("a", ("k", "0"));
        await SetAsync("a", "k", "1");
        await DeleteAsync("a");
        await CreateAsync("b");
        await EventsAsync(new WatchQuery(a.Metadata.ResourceVersion), "MODIFIED a", "DELETED a", "ADDED b");
    }

    [Fact]
    public async Task Events_come_in_the_order_of_the_writes_none_lost_none_twice()
    {
        var version = (await CreateAsync("a", ("k", "0"))).Metadata.ResourceVersion;
        var written = await WriteAsync(1, 50);
        using var watch = await WatchAsync(new WatchQuery(version));
        (await watch.TakeAsync(50)).Select(e => e.Version).Should().Equal(written, "these are replayed");
        var writing = WriteAsync(51, 100);
        (await watch.TakeAsync(50)).Select(e => e.Object.Data["k"]).Should().Equal(Enumerable.Range(51, 50).Select(i => $"{i}"), "these come live");
        await writing;

        async Task<List<string>> WriteAsync(int from, int to)
        {
            var versions = new List<string>();
            for (var i = from; i <= to; i++)
            {
                versions.Add((await SetAsync("a", "k", $"{i}")).Metadata.ResourceVersion);
            }

            return versions;
        }
    }

    [Fact]
    public async Task A_deletion_carries_the_last_state_and_a_version_of_its_own()
    {
        var stored = await CreateAsync("a", ("k", "last words"));
        await DeleteAsync("a");
        var deleted = (await EventsAsync(new WatchQuery(stored.Metadata.ResourceVersion), "DELETED a")).Single();
        deleted.Object.Data.Should().Equal(stored.Data);
        deleted.Object.Metadata.Uid.Should().Be(stored.Metadata.Uid);
        deleted.Version.Should().NotBe(stored.Metadata.ResourceVersion);
        await CreateAsync("b");
        await EventsAsync(new WatchQuery(deleted.Version), "ADDED b");
    }

    [Fact]
    public async Task A_re_creation_is_a_deletion_and_an_addition_with_another_uid()
    {
        var first = await CreateAsync("a");
        await DeleteAsync("a");
        var second = await CreateAsync("a");
        var events = await EventsAsync(new WatchQuery(first.Metadata.ResourceVersion), "DELETED a", "ADDED a");
        events.Select(e => e.Object.Metadata.Uid).Should().Equal(first.Metadata.Uid, second.Metadata.Uid);
    }

    [Fact]
    public async Task A_write_that_changes_nothing_sends_no_event()
    {
        var stored = await CreateAsync("a", ("k", "1"));
        await ReplaceAsync(stored);
        await SetAsync("a", "k", "1");
        await PatchAsync("a", Replace("/data/k", "1"));
        await CreateAsync("mark");
        await EventsAsync(new WatchQuery(stored.Metadata.ResourceVersion), "ADDED mark");
    }

    [Fact]
    public async Task A_refused_write_sends_no_event()
    {
        var stored = await CreateAsync("a", ("k", "1"));
        await RefusedAsync(Refusal.Invalid, () => PatchAsync("a", Test("/data/k", "2"), Remove("/data/k")));
        await RefusedAsync(Refusal.AlreadyExists, () => CreateAsync("a"));
        await RefusedAsync(Refusal.Conflict, () => DeleteAsync("a", AnotherUid));
        await CreateAsync("mark");
        await EventsAsync(new WatchQuery(stored.Metadata.ResourceVersion), "ADDED mark");
    }

    [Fact]
    public async Task Two_watches_see_the_same()
    {
        var query = new WatchQuery(await CurrentVersionAsync());
        using var left = await WatchAsync(query);
        using var right = await WatchAsync(query);
        var (seenLeft, seenRight) = (left.TakeAsync(12), right.TakeAsync(12));
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
        {
            await CreateAsync($"o{i}");
            await SetAsync($"o{i}", "k", "1");
            await DeleteAsync($"o{i}");
        }));
        static IEnumerable<string> Show(IEnumerable<ServerEvent> events) => events.Select(e => $"{e.Type} {e.Name} {e.Version}");
        Show(await seenRight).Should().Equal(Show(await seenLeft));
    }

    [Fact]
    public async Task Events_of_another_namespace_or_kind_do_not_come()
    {
        var other = await Server.CreateNamespaceAsync(Token);
        var version = await CurrentVersionAsync();
        await (Raw with { Namespace = other }).CreateAsync("elsewhere");
        await Leases.CreateAsync("lease");
        await CreateAsync("mark");
        await EventsAsync(new WatchQuery(version), "ADDED mark");
    }

    [Fact]
    public async Task A_watch_ends_by_itself_after_its_timeout_without_an_error()
    {
        using var watch = await WatchAsync(new WatchQuery(await CurrentVersionAsync(), Seconds: 1));
        (await watch.NextOrEndAsync()).Should().BeNull();
    }

    [Fact]
    public async Task A_watch_that_was_quiet_still_delivers_the_next_change()
    {
        var version = await CurrentVersionAsync();
        using var watch = await WatchAsync(new WatchQuery(version));
        using var twoSeconds = await WatchAsync(new WatchQuery(version, Seconds: 2));
        var next = watch.NextAsync("ADDED", "a");
        (await twoSeconds.NextOrEndAsync()).Should().BeNull();
        await CreateAsync("a");
        await next;
    }

    [Fact]
    public async Task A_watch_resumed_from_its_last_event_loses_nothing()
    {
        var version = (await CreateAsync("a", ("k", "0"))).Metadata.ResourceVersion;
        for (var i = 1; i <= 5; i++)
        {
            await SetAsync("a", "k", $"{i}");
            var next = (await EventsAsync(new WatchQuery(version), "MODIFIED a")).Single();
            next.Object.Data["k"].Should().Be($"{i}");
            version = next.Version;
        }
    }

    [Fact]
    public async Task What_a_watch_sent_last_carries_a_version_to_resume_from_also_when_it_is_a_bookmark()
    {
        // Real servers try to send a bookmark in the last two seconds, and may miss them: bookmarks are a hint.
        var events = await AllAsync(new WatchQuery(await CurrentVersionAsync(), Seconds: 4), CreateAsync("a"));
        events.Where(e => e.Type != "BOOKMARK").Select(e => $"{e.Type} {e.Name}").Should().Equal("ADDED a");
        events.Should().NotContain(e => e.Type == "BOOKMARK" && e.Json.Text("metadata/name") != null, "a bookmark is about no object");
        await CreateAsync("b");
        await EventsAsync(new WatchQuery(events[^1].Version), "ADDED b");
    }

    [Fact]
    public async Task A_watch_that_does_not_allow_bookmarks_gets_none()
    {
        var events = await AllAsync(new WatchQuery(await CurrentVersionAsync(), Seconds: 4, Bookmarks: false), CreateAsync("a"));
        events.Select(e => $"{e.Type} {e.Name}").Should().Equal("ADDED a");
    }

    [Fact]
    public async Task Cancellation_ends_a_watch_at_once()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        using var watch = await (Raw with { Token = stop.Token }).WatchAsync(new WatchQuery(await CurrentVersionAsync()));
        await CreateAsync("a");
        await watch.NextAsync("ADDED", "a");
        var pending = watch.NextAsync();
        await stop.CancelAsync();
        await FluentActions.Awaiting(() => pending).Should().ThrowAsync<OperationCanceledException>();
        Token.IsCancellationRequested.Should().BeFalse();
        (await GetAsync("a")).Metadata.Name.Should().Be("a", "the next request is not disturbed");
    }

    [Fact]
    public async Task A_watch_that_is_left_early_disturbs_nobody()
    {
        var version = await CurrentVersionAsync();
        await CreateAsync("a");
        for (var i = 0; i < 20; i++)
        {
            await EventsAsync(new WatchQuery(version), "ADDED a");
        }

        await SetAsync("a", "k", "1");
        (await GetAsync("a")).Data["k"].Should().Be("1");
    }

    private async Task<List<ServerEvent>> AllAsync(WatchQuery query, Task meanwhile)
    {
        var events = new List<ServerEvent>();
        using var watch = await WatchAsync(query);
        while (await watch.NextOrEndAsync(alsoBookmarks: true) is { } next)
        {
            events.Add(next);
        }

        await meanwhile;
        return events;
    }
}
