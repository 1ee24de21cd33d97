using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class MergePatchCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("merge patch: sets some keys, removes others, keeps the rest", SetsRemovesAndKeeps),
        new("merge patch: makes the parents that are missing", MakesMissingParents),
        new("merge patch: with the current resourceVersion succeeds", WithTheCurrentVersionSucceeds),
        new("merge patch: with an older resourceVersion conflicts and changes nothing", WithAnOlderVersionConflicts),
        new("merge patch: with the version from before a re-creation conflicts", AfterARecreationConflicts),
        new("merge patch: of a missing object is NotFound", OfAMissingObjectIsNotFound),
        new("merge patch: of another uid is refused", OfAnotherUidIsRefused),
        new("merge patch: that changes nothing keeps the resourceVersion", ThatChangesNothingKeepsTheVersion),
        new("merge patch: null removes a whole map", NullRemovesAMap),
    ];

    private static KubePatch Data(params (string Key, string? Value)[] entries) => Versioned(null, entries);

    private static KubePatch Versioned(string? resourceVersion, params (string Key, string? Value)[] entries)
    {
        var data = new JsonObject();
        foreach (var (key, value) in entries)
        {
            data.Add(key, value);
        }

        var document = new JsonObject { ["data"] = data };
        if (resourceVersion is not null)
        {
            document.Add("metadata", new JsonObject { ["resourceVersion"] = resourceVersion });
        }

        return KubePatch.Merge(document);
    }

    private static async Task SetsRemovesAndKeeps(ConformanceRun run)
    {
        await run.CreateAsync("a", ("r", "1"), ("d", "2"), ("stays", "3")).ConfigureAwait(false);
        var patched = await run.PatchAsync("a", Data(("n", "new"), ("r", "replaced"), ("d", null))).ConfigureAwait(false);
        var expected = ConformanceRun.Map(("n", "new"), ("r", "replaced"), ("stays", "3"));
        Check.SameEntries(expected, patched.Data, "the data in the answer");
        Check.SameEntries(expected, (await run.GetAsync("a").ConfigureAwait(false)).Data, "the data as stored");
    }

    private static async Task MakesMissingParents(ConformanceRun run)
    {
        await run.CreateAsync("a").ConfigureAwait(false);
        var document = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["x/y"] = "1" } }, ["data"] = new JsonObject { ["k"] = "2" } };
        var patched = await run.PatchAsync("a", KubePatch.Merge(document)).ConfigureAwait(false);
        Check.SameEntries(ConformanceRun.Map(("x/y", "1")), patched.Metadata.Annotations, "the annotations");
        Check.SameEntries(ConformanceRun.Map(("k", "2")), patched.Data, "the data");
    }

    private static async Task WithTheCurrentVersionSucceeds(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var patched = await run.PatchAsync("a", Versioned(first.Metadata.ResourceVersion, ("k", "2"))).ConfigureAwait(false);
        Check.NotEqual(first.Metadata.ResourceVersion, patched.Metadata.ResourceVersion, "the resourceVersion");
        Check.Equal("2", patched.Data!["k"], "data.k");
    }

    private static async Task WithAnOlderVersionConflicts(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var second = await run.SetAsync("a", "k", "2").ConfigureAwait(false);
        var failure = await Check.FailsAsync(KubeFailure.Conflict, () => run.PatchAsync("a", Versioned(first.Metadata.ResourceVersion, ("k", "3"))), "a merge patch with an older resourceVersion").ConfigureAwait(false);
        Check.Equal(System.Net.HttpStatusCode.Conflict, failure.StatusCode, "StatusCode");
        Check.Equal("patch", failure.Verb, "Verb");
        await run.UnchangedAsync(second).ConfigureAwait(false);
    }

    private static async Task AfterARecreationConflicts(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        var second = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Conflict, () => run.PatchAsync("a", Versioned(first.Metadata.ResourceVersion, ("k", "3"))), "a merge patch with the version from before").ConfigureAwait(false);
        await run.UnchangedAsync(second).ConfigureAwait(false);
    }

    private static Task OfAMissingObjectIsNotFound(ConformanceRun run) =>
        Check.FailsAsync(KubeFailure.NotFound, () => run.PatchAsync("missing", Data(("k", "1"))), "a merge patch of a missing object");

    private static async Task OfAnotherUidIsRefused(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var document = new JsonObject { ["metadata"] = new JsonObject { ["uid"] = "00000000-0000-0000-0000-000000000001" }, ["data"] = new JsonObject { ["k"] = "2" } };
        await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync("a", KubePatch.Merge(document)), "a merge patch with another uid").ConfigureAwait(false);
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task ThatChangesNothingKeepsTheVersion(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var patched = await run.PatchAsync("a", Data(("k", "1"), ("none", null))).ConfigureAwait(false);
        Check.Equal(first.Metadata.ResourceVersion, patched.Metadata.ResourceVersion, "the resourceVersion");
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task NullRemovesAMap(ConformanceRun run)
    {
        await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var patched = await run.PatchAsync("a", KubePatch.Merge(new() { ["data"] = null })).ConfigureAwait(false);
        Check.Equal(0, patched.Data?.Count ?? 0, "the number of entries");
    }
}
