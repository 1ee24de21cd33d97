using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using static Flink.Kubernetes.HA.KubeClient.JsonPatchOperation;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class JsonPatchCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("JSON Patch: add, replace and remove in one step", AddReplaceAndRemove),
        new("JSON Patch: add overwrites what is there", AddOverwrites),
        new("JSON Patch: remove of an absent key is Invalid", RemoveOfAnAbsentKeyIsInvalid),
        new("JSON Patch: add below an absent parent is Invalid", AddBelowAnAbsentParentIsInvalid),
        new("JSON Patch: a whole map can be added and removed", AWholeMapCanBeAddedAndRemoved),
        new("JSON Patch: slashes and tildes in keys are escaped", SlashesInKeysAreEscaped),
        new("JSON Patch: of a missing object is NotFound", OfAMissingObjectIsNotFound),
        new("JSON Patch: a later operation that fails undoes the earlier ones", ALaterFailureUndoesTheEarlier),
        new("JSON Patch: that changes nothing keeps the resourceVersion", ThatChangesNothingKeepsTheVersion),
        new("JSON Patch: a value of the wrong type is Invalid", AValueOfTheWrongTypeIsInvalid),
        new("JSON Patch: the uid cannot be changed", TheUidCannotBeChanged),
        new("JSON Patch: a change of the name is BadRequest", AChangeOfTheNameIsBadRequest),
        new("JSON Patch: operations see what those before them did", OperationsSeeEarlierOnes),
    ];

    private static async Task AddReplaceAndRemove(ConformanceRun run)
    {
        await run.CreateAsync("a", ("r", "1"), ("d", "2"), ("stays", "3")).ConfigureAwait(false);
        var patch = KubePatch.Json(Add("/data/n", "new"), Replace("/data/r", "replaced"), Remove("/data/d"));
        var patched = await run.PatchAsync("a", patch).ConfigureAwait(false);
        var expected = ConformanceRun.Map(("n", "new"), ("r", "replaced"), ("stays", "3"));
        Check.SameEntries(expected, patched.Data, "the data in the answer");
        Check.SameEntries(expected, (await run.GetAsync("a").ConfigureAwait(false)).Data, "the data as stored");
    }

    private static async Task AddOverwrites(ConformanceRun run)
    {
        await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var patched = await run.PatchAsync("a", KubePatch.Json(Add("/data/k", "2"))).ConfigureAwait(false);
        Check.Equal("2", patched.Data!["k"], "data.k");
    }

    private static async Task RemoveOfAnAbsentKeyIsInvalid(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync("a", KubePatch.Json(Remove("/data/none"))), "remove of an absent key").ConfigureAwait(false);
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task AddBelowAnAbsentParentIsInvalid(ConformanceRun run)
    {
        var first = await run.CreateAsync("a").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync("a", KubePatch.Json(Add("/data/k", "1"))), "add below an absent parent").ConfigureAwait(false);
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task AWholeMapCanBeAddedAndRemoved(ConformanceRun run)
    {
        await run.CreateAsync("a").ConfigureAwait(false);
        var patched = await run.PatchAsync("a", KubePatch.Json(Add("/data", new JsonObject()), Add("/data/k", "1"))).ConfigureAwait(false);
        Check.SameEntries(ConformanceRun.Map(("k", "1")), patched.Data, "the data");
        patched = await run.PatchAsync("a", KubePatch.Json(Remove("/data"))).ConfigureAwait(false);
        Check.Equal(0, patched.Data?.Count ?? 0, "the number of entries");
    }

    private static async Task SlashesInKeysAreEscaped(ConformanceRun run)
    {
        const string key = "control-plane.alpha.kubernetes.io/leader";
        var path = JsonPatchOperation.Path("metadata", "annotations", key);
        await run.CreateAsync("a").ConfigureAwait(false);
        var patched = await run.PatchAsync("a", KubePatch.Json(Add("/metadata/annotations", new JsonObject()), Add(path, "{\"x\":1}"))).ConfigureAwait(false);
        Check.Equal("{\"x\":1}", patched.Metadata.Annotations?.GetValueOrDefault(key), "the annotation");
        await run.PatchAsync("a", KubePatch.Json(Test(path, "{\"x\":1}"), Replace(path, "{}"))).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync("a", KubePatch.Json(Test("/metadata/annotations/a~0b~1c", "x"))), "a test of an absent key with a tilde").ConfigureAwait(false);
    }

    private static Task OfAMissingObjectIsNotFound(ConformanceRun run) =>
        Check.FailsAsync(KubeFailure.NotFound, () => run.PatchAsync("missing", KubePatch.Json(Add("/data", new JsonObject()))), "a patch of a missing object");

    private static async Task ALaterFailureUndoesTheEarlier(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var patch = KubePatch.Json(Replace("/data/k", "2"), Add("/data/l", "3"), Test("/data/k", "1"));
        await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync("a", patch), "a patch whose last operation fails").ConfigureAwait(false);
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task ThatChangesNothingKeepsTheVersion(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var patched = await run.PatchAsync("a", KubePatch.Json(Test("/data/k", "1"), Replace("/data/k", "1"))).ConfigureAwait(false);
        Check.Equal(first.Metadata.ResourceVersion, patched.Metadata.ResourceVersion, "the resourceVersion");
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task AValueOfTheWrongTypeIsInvalid(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync("a", KubePatch.Json(Add("/data/n", 1))), "a number as a value").ConfigureAwait(false);
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task TheUidCannotBeChanged(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var patch = KubePatch.Json(Replace("/metadata/uid", "00000000-0000-0000-0000-000000000001"), Replace("/data/k", "2"));
        await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync("a", patch), "a change of the uid").ConfigureAwait(false);
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task AChangeOfTheNameIsBadRequest(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.BadRequest, () => run.PatchAsync("a", KubePatch.Json(Replace("/metadata/name", "b"))), "a change of the name").ConfigureAwait(false);
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task OperationsSeeEarlierOnes(ConformanceRun run)
    {
        await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var patch = KubePatch.Json(Add("/data/l", "2"), Test("/data/l", "2"), Remove("/data/k"), Test("/data/k", null));
        var patched = await run.PatchAsync("a", patch).ConfigureAwait(false);
        Check.SameEntries(ConformanceRun.Map(("l", "2")), patched.Data, "the data");
    }
}
