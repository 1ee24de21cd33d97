using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class WatchCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("watch: from nothing it first sends what exists", FromNothingItSendsWhatExists),
        new("watch: from an older version it replays everything since", FromAnOlderVersionItReplays),
        new("watch: events come in the order of the writes, none lost, none twice", EventsComeInOrder),
        new("watch: a deletion carries the last state and a version of its own", ADeletionCarriesTheLastState),
        new("watch: a re-creation is a deletion and an addition with another uid", ARecreationIsTwoEvents),
        new("watch: a write that changes nothing sends no event", ANoOpSendsNoEvent),
        new("watch: a refused write sends no event", ARefusedWriteSendsNoEvent),
        new("watch: two watches see the same", TwoWatchesSeeTheSame),
        new("watch: events of another namespace or kind do not come", NothingElseComes),
        new("watch: ends by itself after its timeout", EndsAfterItsTimeout),
        new("watch: a long quiet one still delivers the next change", AQuietOneStillDelivers),
        new("watch: resumed from its last event it loses nothing", ResumedItLosesNothing),
        new("watch: bookmarks carry a version to resume from", BookmarksCarryAVersion),
        new("watch: without leave for bookmarks none come", WithoutLeaveNoBookmarksCome),
        new("watch: cancellation ends it at once", CancellationEndsIt),
        new("watch: one that is left early disturbs nobody", OneThatIsLeftEarly),
    ];

    private static async Task FromNothingItSendsWhatExists(ConformanceRun run)
    {
        var a = await run.CreateLabelledAsync("a", ("w", "1")).ConfigureAwait(false);
        await run.CreateLabelledAsync("b", ("w", "1")).ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { LabelSelector = "w" });
        await using (reader.ConfigureAwait(false))
        {
            var existing = await reader.TakeAsync(2).ConfigureAwait(false);
            Check.Sequence(["Added a", "Added b"], existing.Select(e => $"{e.Type} {e.Object.Metadata.Name}").Order(), "the first events");
            Check.Equal(a.Metadata.ResourceVersion, existing.Single(e => e.Object.Metadata.Name == "a").Object.Metadata.ResourceVersion, "the resourceVersion of what exists");
            await run.SetAsync("a", "k", "2").ConfigureAwait(false);
            var live = await reader.NextAsync(WatchEventType.Modified, "a").ConfigureAwait(false);
            Check.Equal("2", live.Object.Data!["k"], "data.k in the event");
        }
    }

    private static async Task FromAnOlderVersionItReplays(ConformanceRun run)
    {
        var a = await run.CreateAsync("a", ("k", "0")).ConfigureAwait(false);
        await run.SetAsync("a", "k", "1").ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        await run.CreateAsync("b").ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { ResourceVersion = a.Metadata.ResourceVersion });
        await using (reader.ConfigureAwait(false))
        {
            await reader.NextAsync(WatchEventType.Modified, "a").ConfigureAwait(false);
            await reader.NextAsync(WatchEventType.Deleted, "a").ConfigureAwait(false);
            await reader.NextAsync(WatchEventType.Added, "b").ConfigureAwait(false);
        }
    }

    private static async Task EventsComeInOrder(ConformanceRun run)
    {
        var version = (await run.CreateAsync("a", ("k", "0")).ConfigureAwait(false)).Metadata.ResourceVersion;
        var written = new List<string?>();
        for (var i = 1; i <= 50; i++)
        {
            written.Add((await run.SetAsync("a", "k", $"{i}").ConfigureAwait(false)).Metadata.ResourceVersion);
        }

        var reader = run.Watch(new WatchOptions { ResourceVersion = version });
        await using (reader.ConfigureAwait(false))
        {
            var first = await reader.TakeAsync(50).ConfigureAwait(false);
            Check.Sequence(written, first.Select(e => e.Object.Metadata.ResourceVersion), "the resourceVersions of the replayed events");
            var writer = WriteAsync(51, 100);
            var live = await reader.TakeAsync(50).ConfigureAwait(false);
            await writer.ConfigureAwait(false);
            Check.Sequence(Enumerable.Range(51, 50).Select(i => $"{i}"), live.Select(e => e.Object.Data!["k"]), "the values of the live events");
        }

        async Task WriteAsync(int from, int to)
        {
            for (var i = from; i <= to; i++)
            {
                await run.SetAsync("a", "k", $"{i}").ConfigureAwait(false);
            }
        }
    }

    private static async Task ADeletionCarriesTheLastState(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a", ("k", "last words")).ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        var options = new WatchOptions { ResourceVersion = stored.Metadata.ResourceVersion };
        var reader = run.Watch(options);
        await using (reader.ConfigureAwait(false))
        {
            var deleted = await reader.NextAsync(WatchEventType.Deleted, "a").ConfigureAwait(false);
            Check.SameEntries(stored.Data, deleted.Object.Data, "the data in the last state");
            Check.Equal(stored.Metadata.Uid, deleted.Object.Metadata.Uid, "the uid in the last state");
            Check.NotEqual(stored.Metadata.ResourceVersion, deleted.Object.Metadata.ResourceVersion, "the resourceVersion of the deletion");
            options = options with { ResourceVersion = deleted.Object.Metadata.ResourceVersion };
        }

        var next = run.Watch(options);
        await using (next.ConfigureAwait(false))
        {
            await run.CreateAsync("b").ConfigureAwait(false);
            await next.NextAsync(WatchEventType.Added, "b").ConfigureAwait(false);
        }
    }

    private static async Task ARecreationIsTwoEvents(ConformanceRun run)
    {
        var first = await run.CreateAsync("a").ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        var second = await run.CreateAsync("a").ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { ResourceVersion = first.Metadata.ResourceVersion });
        await using (reader.ConfigureAwait(false))
        {
            Check.Equal(first.Metadata.Uid, (await reader.NextAsync(WatchEventType.Deleted, "a").ConfigureAwait(false)).Object.Metadata.Uid, "the uid of the deleted");
            Check.Equal(second.Metadata.Uid, (await reader.NextAsync(WatchEventType.Added, "a").ConfigureAwait(false)).Object.Metadata.Uid, "the uid of the added");
        }
    }

    private static async Task ANoOpSendsNoEvent(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await run.ReplaceAsync(stored).ConfigureAwait(false);
        await run.SetAsync("a", "k", "1").ConfigureAwait(false);
        await run.PatchAsync("a", KubePatch.Json(JsonPatchOperation.Replace("/data/k", "1"))).ConfigureAwait(false);
        await OnlyTheMarkComesAsync(run, stored).ConfigureAwait(false);
    }

    private static async Task ARefusedWriteSendsNoEvent(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync("a", KubePatch.Json(JsonPatchOperation.Test("/data/k", "2"), JsonPatchOperation.Remove("/data/k"))), "a failing test").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.AlreadyExists, () => run.CreateAsync("a"), "a second create").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Conflict, () => run.DeleteAsync("a", new DeletePreconditions(Uid: "x")), "a delete with another uid").ConfigureAwait(false);
        await OnlyTheMarkComesAsync(run, stored).ConfigureAwait(false);
    }

    private static async Task OnlyTheMarkComesAsync(ConformanceRun run, ConfigMap since)
    {
        var reader = run.Watch(new WatchOptions { ResourceVersion = since.Metadata.ResourceVersion });
        await using (reader.ConfigureAwait(false))
        {
            await run.CreateAsync("mark").ConfigureAwait(false);
            await reader.NextAsync(WatchEventType.Added, "mark").ConfigureAwait(false);
        }
    }

    private static async Task TwoWatchesSeeTheSame(ConformanceRun run)
    {
        var options = new WatchOptions { ResourceVersion = await run.CurrentVersionAsync().ConfigureAwait(false) };
        var (left, right) = (run.Watch(options), run.Watch(options));
        await using (left.ConfigureAwait(false))
        await using (right.ConfigureAwait(false))
        {
            var (seenLeft, seenRight) = (left.TakeAsync(12), right.TakeAsync(12));
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
            {
                await run.CreateAsync($"o{i}").ConfigureAwait(false);
                await run.SetAsync($"o{i}", "k", "1").ConfigureAwait(false);
                await run.DeleteAsync($"o{i}").ConfigureAwait(false);
            })).ConfigureAwait(false);
            static IEnumerable<string> Show(IEnumerable<WatchEvent<ConfigMap>> events) => events.Select(e => $"{e.Type} {e.Object.Metadata.Name} {e.Object.Metadata.ResourceVersion}");
            Check.Sequence(Show(await seenLeft.ConfigureAwait(false)), Show(await seenRight.ConfigureAwait(false)), "what the other watch saw");
        }
    }

    private static async Task NothingElseComes(ConformanceRun run)
    {
        var other = await run.Harness.CreateNamespaceAsync(run.Token).ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { ResourceVersion = await run.CurrentVersionAsync().ConfigureAwait(false) });
        await using (reader.ConfigureAwait(false))
        {
            var item = run.NewConfigMap("elsewhere");
            await run.CreateAsync(item with { Metadata = item.Metadata with { Namespace = other } }).ConfigureAwait(false);
            await run.Client.CreateAsync(KubeResources.Leases, new Lease { Metadata = new() { Name = "lease", Namespace = run.Namespace } }, run.Token).ConfigureAwait(false);
            await run.CreateAsync("mark").ConfigureAwait(false);
            await reader.NextAsync(WatchEventType.Added, "mark").ConfigureAwait(false);
        }
    }

    private static async Task EndsAfterItsTimeout(ConformanceRun run)
    {
        var reader = run.Watch(new WatchOptions { ResourceVersion = await run.CurrentVersionAsync().ConfigureAwait(false), Timeout = TimeSpan.FromSeconds(1) });
        await using (reader.ConfigureAwait(false))
        {
            Check.True(await reader.NextOrEndAsync().ConfigureAwait(false) is null, "the watch ends without an event and without an error");
        }
    }

    private static async Task AQuietOneStillDelivers(ConformanceRun run)
    {
        var reader = run.Watch(new WatchOptions { ResourceVersion = await run.CurrentVersionAsync().ConfigureAwait(false) });
        await using (reader.ConfigureAwait(false))
        {
            var next = reader.NextAsync(WatchEventType.Added, "a");
            await Task.Delay(TimeSpan.FromSeconds(2), run.Harness.TimeProvider, run.Token).ConfigureAwait(false);
            await run.CreateAsync("a").ConfigureAwait(false);
            await next.ConfigureAwait(false);
        }
    }

    private static async Task ResumedItLosesNothing(ConformanceRun run)
    {
        var version = (await run.CreateAsync("a", ("k", "0")).ConfigureAwait(false)).Metadata.ResourceVersion;
        for (var i = 1; i <= 5; i++)
        {
            await run.SetAsync("a", "k", $"{i}").ConfigureAwait(false);
            var reader = run.Watch(new WatchOptions { ResourceVersion = version });
            await using (reader.ConfigureAwait(false))
            {
                var next = await reader.NextAsync(WatchEventType.Modified, "a").ConfigureAwait(false);
                Check.Equal($"{i}", next.Object.Data!["k"], "data.k in the event after resuming");
                version = next.Object.Metadata.ResourceVersion;
            }
        }
    }

    private static async Task BookmarksCarryAVersion(ConformanceRun run)
    {
        var options = new WatchOptions { ResourceVersion = await run.CurrentVersionAsync().ConfigureAwait(false), Timeout = TimeSpan.FromSeconds(4) };
        await run.CreateAsync("a").ConfigureAwait(false);
        string? resume = null;
        await foreach (var next in run.Client.WatchAsync(KubeResources.ConfigMaps, run.Namespace, options, run.Token).ConfigureAwait(false))
        {
            if (next.Type == WatchEventType.Bookmark)
            {
                resume = Check.NotEmpty(next.Object.Metadata.ResourceVersion, "the bookmark's resourceVersion");
            }
        }

        // A server may send none: they are a hint.
        if (resume is not null)
        {
            await run.CreateAsync("b").ConfigureAwait(false);
            var reader = run.Watch(new WatchOptions { ResourceVersion = resume });
            await using (reader.ConfigureAwait(false))
            {
                await reader.NextAsync(WatchEventType.Added, "b").ConfigureAwait(false);
            }
        }
    }

    private static async Task WithoutLeaveNoBookmarksCome(ConformanceRun run)
    {
        var options = new WatchOptions { ResourceVersion = await run.CurrentVersionAsync().ConfigureAwait(false), Timeout = TimeSpan.FromSeconds(4), AllowBookmarks = false };
        await foreach (var next in run.Client.WatchAsync(KubeResources.ConfigMaps, run.Namespace, options, run.Token).ConfigureAwait(false))
        {
            Check.NotEqual(WatchEventType.Bookmark, next.Type, "the type of an event");
        }
    }

    private static async Task CancellationEndsIt(ConformanceRun run)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(run.Token);
        var options = new WatchOptions { ResourceVersion = await run.CurrentVersionAsync().ConfigureAwait(false) };
        var events = run.Client.WatchAsync(KubeResources.ConfigMaps, run.Namespace, options, stop.Token).GetAsyncEnumerator(stop.Token);
        await using (events.ConfigureAwait(false))
        {
            await run.CreateAsync("a").ConfigureAwait(false);
            Check.True(await events.MoveNextAsync().ConfigureAwait(false), "the watch yields the first event");
            var pending = events.MoveNextAsync().AsTask();
            await stop.CancelAsync().ConfigureAwait(false);
            await Check.IsCancelledAsync(() => pending, "the next event of a cancelled watch").ConfigureAwait(false);
            Check.True(!run.Token.IsCancellationRequested, "the watch ends before the time limit");
        }
    }

    private static async Task OneThatIsLeftEarly(ConformanceRun run)
    {
        var options = new WatchOptions { ResourceVersion = await run.CurrentVersionAsync().ConfigureAwait(false) };
        await run.CreateAsync("a").ConfigureAwait(false);
        for (var i = 0; i < 20; i++)
        {
            await foreach (var next in run.Client.WatchAsync(KubeResources.ConfigMaps, run.Namespace, options, run.Token).ConfigureAwait(false))
            {
                Check.Equal("a", next.Object.Metadata.Name, "the name in the first event");
                break;
            }
        }

        await run.SetAsync("a", "k", "1").ConfigureAwait(false);
        Check.Equal("1", (await run.GetAsync("a").ConfigureAwait(false)).Data!["k"], "data.k");
    }
}
