using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using static Flink.Kubernetes.HA.KubeClient.JsonPatchOperation;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

/// <summary>The <c>test</c> operation, on which the fencing of every write rests.</summary>
internal static class JsonPatchTestCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("JSON Patch test: a matching value lets the patch pass", AMatchingValuePasses),
        new("JSON Patch test: another value is Invalid, not Conflict, and changes nothing", AnotherValueIsInvalid),
        new("JSON Patch test: null passes for an absent key", NullPassesForAnAbsentKey),
        new("JSON Patch test: null fails for a present key, also an empty one", NullFailsForAPresentKey),
        new("JSON Patch test: null passes for an absent map", NullPassesForAnAbsentMap),
        new("JSON Patch test: null below an absent parent is Invalid", NullBelowAnAbsentParentIsInvalid),
        new("JSON Patch test: a value for an absent key is Invalid", AValueForAnAbsentKeyIsInvalid),
        new("JSON Patch test: objects are compared as a whole, in any order", ObjectsAreCompared),
        new("JSON Patch test: the resourceVersion can be tested", TheResourceVersionCanBeTested),
        new("JSON Patch test: the uid can be tested", TheUidCanBeTested),
        new("JSON Patch test: any text matches itself and nothing else", TextIsComparedExactly),
    ];

    private static async Task FailsAsync(ConformanceRun run, ConfigMap stored, string what, params JsonPatchOperation[] tests)
    {
        var patch = KubePatch.Json([.. tests, Add("/metadata/labels", new JsonObject { ["changed"] = "yes" })]);
        var failure = await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync(stored.Metadata.Name!, patch), what).ConfigureAwait(false);
        Check.Equal(System.Net.HttpStatusCode.UnprocessableEntity, failure.StatusCode, "StatusCode");
        Check.Equal("patch", failure.Verb, "Verb");
        await run.UnchangedAsync(stored).ConfigureAwait(false);
    }

    private static async Task PassesAsync(ConformanceRun run, ConfigMap stored, params JsonPatchOperation[] tests)
    {
        var patch = KubePatch.Json([.. tests, Add("/metadata/labels", new JsonObject { ["changed"] = "yes" })]);
        var patched = await run.PatchAsync(stored.Metadata.Name!, patch).ConfigureAwait(false);
        Check.Equal("yes", patched.Metadata.Labels?.GetValueOrDefault("changed"), "the label that the patch sets");
        Check.NotEqual(stored.Metadata.ResourceVersion, patched.Metadata.ResourceVersion, "the resourceVersion after the patch");
    }

    private static async Task AMatchingValuePasses(ConformanceRun run) =>
        await PassesAsync(run, await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false), Test("/data/k", "1")).ConfigureAwait(false);

    private static async Task AnotherValueIsInvalid(ConformanceRun run) =>
        await FailsAsync(run, await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false), "a test of another value", Test("/data/k", "2")).ConfigureAwait(false);

    private static async Task NullPassesForAnAbsentKey(ConformanceRun run) =>
        await PassesAsync(run, await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false), Test("/data/none", null)).ConfigureAwait(false);

    private static async Task NullFailsForAPresentKey(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a", ("k", "1"), ("empty", string.Empty)).ConfigureAwait(false);
        await FailsAsync(run, stored, "a test that a present key is absent", Test("/data/k", null)).ConfigureAwait(false);
        await FailsAsync(run, stored, "a test that an empty key is absent", Test("/data/empty", null)).ConfigureAwait(false);
    }

    private static async Task NullPassesForAnAbsentMap(ConformanceRun run) =>
        await PassesAsync(run, await run.CreateAsync("a").ConfigureAwait(false), Test("/data", null), Test("/metadata/annotations", null)).ConfigureAwait(false);

    private static async Task NullBelowAnAbsentParentIsInvalid(ConformanceRun run) =>
        await FailsAsync(run, await run.CreateAsync("a").ConfigureAwait(false), "a test below an absent parent", Test("/data/k", null)).ConfigureAwait(false);

    private static async Task AValueForAnAbsentKeyIsInvalid(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await FailsAsync(run, stored, "a test of an absent key", Test("/data/none", "1")).ConfigureAwait(false);
        await FailsAsync(run, stored, "a test of an absent key for the empty text", Test("/data/none", string.Empty)).ConfigureAwait(false);
    }

    private static async Task ObjectsAreCompared(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a", ("k", "1"), ("l", "2")).ConfigureAwait(false);
        await FailsAsync(run, stored, "a test of a part of the map", Test("/data", new JsonObject { ["k"] = "1" })).ConfigureAwait(false);
        await FailsAsync(run, stored, "a test of a larger map", Test("/data", new JsonObject { ["k"] = "1", ["l"] = "2", ["m"] = "3" })).ConfigureAwait(false);
        await PassesAsync(run, stored, Test("/data", new JsonObject { ["l"] = "2", ["k"] = "1" })).ConfigureAwait(false);
    }

    private static async Task TheResourceVersionCanBeTested(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var second = await run.SetAsync("a", "k", "2").ConfigureAwait(false);
        await FailsAsync(run, second, "a test of an older resourceVersion", Test("/metadata/resourceVersion", first.Metadata.ResourceVersion)).ConfigureAwait(false);
        await PassesAsync(run, second, Test("/metadata/resourceVersion", second.Metadata.ResourceVersion)).ConfigureAwait(false);
    }

    private static async Task TheUidCanBeTested(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        var second = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await FailsAsync(run, second, "a test of the uid from before", Test("/metadata/uid", first.Metadata.Uid)).ConfigureAwait(false);
        await PassesAsync(run, second, Test("/metadata/uid", second.Metadata.Uid)).ConfigureAwait(false);
    }

    private static async Task TextIsComparedExactly(ConformanceRun run)
    {
        // Real servers compare encoded bytes: every character must go out with the escape that the server itself uses.
        const string text = "{\"a\": \"é<>&'+`/\\u0041\",\n\"b\":1}\r\t\u0001\u001f\u007f\u2028\u2029漢字🙂\ufffd";
        var stored = await run.CreateAsync("a", ("k", text)).ConfigureAwait(false);
        await FailsAsync(run, stored, "a test of equal JSON in other words", Test("/data/k", "{\"a\":\"é<>&'A\",\"b\":1}")).ConfigureAwait(false);
        await FailsAsync(run, stored, "a test in another case", Test("/data/k", text.ToUpperInvariant())).ConfigureAwait(false);
        await PassesAsync(run, stored, Test("/data/k", text)).ConfigureAwait(false);
    }
}
