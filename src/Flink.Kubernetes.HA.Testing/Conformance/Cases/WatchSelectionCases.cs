using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class WatchSelectionCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("watch selection: by name only that object comes", ByNameOnlyThatObjectComes),
        new("watch selection: by label only such objects come", ByLabelOnlySuchObjectsCome),
        new("watch selection: an object that comes to match is Added, one that no longer does is Deleted", EnteringAndLeaving),
        new("watch selection: a deletion after leaving is no second event", ADeletionAfterLeavingIsNoEvent),
        new("watch selection: by name it sees deletion and re-creation", ByNameItSeesDeletionAndRecreation),
        new("watch selection: from nothing only what matches is sent", FromNothingOnlyWhatMatches),
        new("watch selection: a bad selector is BadRequest", ABadSelectorIsBadRequest),
    ];

    private static Task<ConfigMap> LabelAsync(ConformanceRun run, string name, string value) =>
        run.PatchAsync(name, KubePatch.Merge(new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = value } } }));

    private static async Task ByNameOnlyThatObjectComes(ConformanceRun run)
    {
        var version = await run.CurrentVersionAsync().ConfigureAwait(false);
        await run.CreateAsync("a").ConfigureAwait(false);
        await run.CreateAsync("b").ConfigureAwait(false);
        await run.CreateAsync("b2").ConfigureAwait(false);
        await run.SetAsync("b", "k", "1").ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { ResourceVersion = version, FieldSelector = "metadata.name=b" });
        await using (reader.ConfigureAwait(false))
        {
            await reader.NextAsync(WatchEventType.Added, "b").ConfigureAwait(false);
            await reader.NextAsync(WatchEventType.Modified, "b").ConfigureAwait(false);
        }
    }

    private static async Task ByLabelOnlySuchObjectsCome(ConformanceRun run)
    {
        var version = await run.CurrentVersionAsync().ConfigureAwait(false);
        await run.CreateLabelledAsync("a", ("app", "x")).ConfigureAwait(false);
        await run.CreateLabelledAsync("b", ("app", "y")).ConfigureAwait(false);
        await run.CreateLabelledAsync("c", ("app", "x")).ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { ResourceVersion = version, LabelSelector = "app=x" });
        await using (reader.ConfigureAwait(false))
        {
            await reader.NextAsync(WatchEventType.Added, "a").ConfigureAwait(false);
            await reader.NextAsync(WatchEventType.Added, "c").ConfigureAwait(false);
        }
    }

    private static async Task EnteringAndLeaving(ConformanceRun run)
    {
        var created = await run.CreateLabelledAsync("a", ("app", "y")).ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { ResourceVersion = created.Metadata.ResourceVersion, LabelSelector = "app=x" });
        await using (reader.ConfigureAwait(false))
        {
            var entered = await LabelAsync(run, "a", "x").ConfigureAwait(false);
            var added = await reader.NextAsync(WatchEventType.Added, "a").ConfigureAwait(false);
            Check.Equal(entered.Metadata.ResourceVersion, added.Object.Metadata.ResourceVersion, "the resourceVersion on entering");
            var left = await LabelAsync(run, "a", "y").ConfigureAwait(false);
            var deleted = await reader.NextAsync(WatchEventType.Deleted, "a").ConfigureAwait(false);
            Check.Equal(left.Metadata.ResourceVersion, deleted.Object.Metadata.ResourceVersion, "the resourceVersion on leaving");
            Check.Equal("x", deleted.Object.Metadata.Labels?.GetValueOrDefault("app"), "the label in the state before leaving");
        }
    }

    private static async Task ADeletionAfterLeavingIsNoEvent(ConformanceRun run)
    {
        var created = await run.CreateLabelledAsync("a", ("app", "x")).ConfigureAwait(false);
        await LabelAsync(run, "a", "y").ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        await run.CreateLabelledAsync("mark", ("app", "x")).ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { ResourceVersion = created.Metadata.ResourceVersion, LabelSelector = "app=x" });
        await using (reader.ConfigureAwait(false))
        {
            await reader.NextAsync(WatchEventType.Deleted, "a").ConfigureAwait(false);
            await reader.NextAsync(WatchEventType.Added, "mark").ConfigureAwait(false);
        }
    }

    private static async Task ByNameItSeesDeletionAndRecreation(ConformanceRun run)
    {
        var first = await run.CreateAsync("a").ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { ResourceVersion = first.Metadata.ResourceVersion, FieldSelector = "metadata.name=a" });
        await using (reader.ConfigureAwait(false))
        {
            await run.DeleteAsync("a").ConfigureAwait(false);
            await reader.NextAsync(WatchEventType.Deleted, "a").ConfigureAwait(false);
            var second = await run.CreateAsync("a").ConfigureAwait(false);
            var added = await reader.NextAsync(WatchEventType.Added, "a").ConfigureAwait(false);
            Check.Equal(second.Metadata.Uid, added.Object.Metadata.Uid, "the uid of the new object");
        }
    }

    private static async Task FromNothingOnlyWhatMatches(ConformanceRun run)
    {
        await run.CreateLabelledAsync("a", ("app", "y")).ConfigureAwait(false);
        await run.CreateLabelledAsync("b", ("app", "x")).ConfigureAwait(false);
        var reader = run.Watch(new WatchOptions { LabelSelector = "app=x" });
        await using (reader.ConfigureAwait(false))
        {
            await reader.NextAsync(WatchEventType.Added, "b").ConfigureAwait(false);
            await run.DeleteAsync("b").ConfigureAwait(false);
            await reader.NextAsync(WatchEventType.Deleted, "b").ConfigureAwait(false);
        }
    }

    private static Task ABadSelectorIsBadRequest(ConformanceRun run) =>
        Check.FailsAsync(
            KubeFailure.BadRequest,
            async () =>
            {
                var reader = run.Watch(new WatchOptions { LabelSelector = "app in (" });
                await using (reader.ConfigureAwait(false))
                {
                    await reader.NextAsync().ConfigureAwait(false);
                }
            },
            "a watch with a bad selector");
}
