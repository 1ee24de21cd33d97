using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

/// <summary>What holds after the server has forgotten its history.</summary>
internal static class HistoryCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("history: a watch from an expired version is Gone", AWatchFromAnExpiredVersionIsGone, expiresHistory: true),
        new("history: after a new list the watch goes on", AfterANewListTheWatchGoesOn, expiresHistory: true),
        new("history: objects keep their versions and optimistic concurrency holds", ObjectsKeepTheirVersions, expiresHistory: true),
    ];

    private static async Task<string> ExpireAsync(ConformanceRun run)
    {
        var old = await run.CurrentVersionAsync().ConfigureAwait(false);
        await run.CreateAsync("a", ("k", "0")).ConfigureAwait(false);
        for (var i = 1; i <= 3; i++)
        {
            await run.SetAsync("a", "k", $"{i}").ConfigureAwait(false);
        }

        await run.Harness.ExpireHistoryAsync(run.Token).ConfigureAwait(false);
        return old;
    }

    private static async Task AWatchFromAnExpiredVersionIsGone(ConformanceRun run)
    {
        var old = await ExpireAsync(run).ConfigureAwait(false);
        await Check.FailsAsync(
            KubeFailure.Gone,
            async () =>
            {
                var reader = run.Watch(new WatchOptions { ResourceVersion = old });
                await using (reader.ConfigureAwait(false))
                {
                    await reader.NextAsync().ConfigureAwait(false);
                }
            },
            "a watch from an expired version").ConfigureAwait(false);
    }

    private static async Task AfterANewListTheWatchGoesOn(ConformanceRun run)
    {
        await ExpireAsync(run).ConfigureAwait(false);
        var list = await run.ListAsync(new ListOptions { FieldSelector = "metadata.name=a" }).ConfigureAwait(false);
        Check.Equal("3", list.Items.Single().Data!["k"], "data.k in the new list");
        var reader = run.Watch(new WatchOptions { ResourceVersion = list.ResourceVersion });
        await using (reader.ConfigureAwait(false))
        {
            await run.SetAsync("a", "k", "4").ConfigureAwait(false);
            var next = await reader.NextAsync(WatchEventType.Modified, "a").ConfigureAwait(false);
            Check.Equal("4", next.Object.Data!["k"], "data.k in the event");
        }
    }

    private static async Task ObjectsKeepTheirVersions(ConformanceRun run)
    {
        var first = await run.CreateAsync("b", ("k", "0")).ConfigureAwait(false);
        var second = await run.SetAsync("b", "k", "1").ConfigureAwait(false);
        await ExpireAsync(run).ConfigureAwait(false);
        await run.UnchangedAsync(second).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Conflict, () => run.ReplaceAsync(first with { Data = null }), "replace with an older resourceVersion").ConfigureAwait(false);
        await run.ReplaceAsync(second with { Data = ConformanceRun.Map(("k", "2")) }).ConfigureAwait(false);
    }
}
