using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

/// <summary>The limits of a ConfigMap: 1 MiB of values, 256 KiB of annotations, 3 MiB of request.</summary>
internal static class SizeCases
{
    private const int Most = 1024 * 1024;

    internal static IEnumerable<ConformanceCase> All =>
    [
        new("size: 1 MiB of values fits, one byte more is Invalid", OneMebibyteFits),
        new("size: a patch that makes the values too large is Invalid and changes nothing", APatchThatMakesItTooLarge),
        new("size: binary values count too", BinaryValuesCountToo),
        new("size: a request above 3 MiB is TooLarge", ARequestAbove3MebibytesIsTooLarge),
        new("size: more than 256 KiB of annotations is Invalid", TooManyAnnotations),
        new("size: a large object comes whole through get, list and watch", ALargeObjectComesWhole),
    ];

    private static async Task OneMebibyteFits(ConformanceRun run)
    {
        var value = new string('x', Most - 1);
        var stored = await run.CreateAsync("a", ("k", value), ("l", "y")).ConfigureAwait(false);
        Check.Equal(Most, stored.Data!.Values.Sum(v => v.Length), "the size of the values");
        await Check.FailsAsync(KubeFailure.Invalid, () => run.CreateAsync("b", ("k", value), ("l", "yz")), "create with 1 MiB and a byte").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.NotFound, () => run.GetAsync("b"), "get of what was refused").ConfigureAwait(false);
    }

    private static async Task APatchThatMakesItTooLarge(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a", ("k", new string('x', Most - 10))).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Invalid, () => run.SetAsync("a", "more", "12345678901"), "a merge patch beyond 1 MiB").ConfigureAwait(false);
        var patch = KubePatch.Json(JsonPatchOperation.Add("/data/more", "12345678901"));
        await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync("a", patch), "a JSON Patch beyond 1 MiB").ConfigureAwait(false);
        await run.UnchangedAsync(stored).ConfigureAwait(false);
        await run.SetAsync("a", "more", "1234567890").ConfigureAwait(false);
    }

    private static Task BinaryValuesCountToo(ConformanceRun run) =>
        Check.FailsAsync(
            KubeFailure.Invalid,
            () => run.CreateAsync(run.NewConfigMap("a", ("k", "x")) with { BinaryData = new Dictionary<string, byte[]> { ["b"] = new byte[Most] } }),
            "create with 1 MiB of binary data and a byte of text");

    private static Task ARequestAbove3MebibytesIsTooLarge(ConformanceRun run) =>
        Check.FailsAsync(KubeFailure.TooLarge, () => run.CreateAsync("a", ("k", new string('x', 4 * Most))), "create with 4 MiB");

    private static async Task TooManyAnnotations(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a").ConfigureAwait(false);
        KubePatch Annotate(int length) => KubePatch.Merge(new() { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["n"] = new string('x', length) } } });
        await Check.FailsAsync(KubeFailure.Invalid, () => run.PatchAsync("a", Annotate(256 * 1024)), "annotations above 256 KiB").ConfigureAwait(false);
        await run.UnchangedAsync(stored).ConfigureAwait(false);
        await run.PatchAsync("a", Annotate((256 * 1024) - 1)).ConfigureAwait(false);
    }

    private static async Task ALargeObjectComesWhole(ConformanceRun run)
    {
        var version = await run.CurrentVersionAsync().ConfigureAwait(false);
        var text = string.Concat(Enumerable.Range(0, 90_000).Select(i => $"{i:D9}\n"));
        await run.CreateAsync("a", ("k", text)).ConfigureAwait(false);
        Check.True((await run.GetAsync("a").ConfigureAwait(false)).Data!["k"] == text, "get answers with the whole value");
        Check.True((await run.ListAsync().ConfigureAwait(false)).Items.Single(i => i.Metadata.Name == "a").Data!["k"] == text, "list answers with the whole value");
        var reader = run.Watch(new WatchOptions { ResourceVersion = version });
        await using (reader.ConfigureAwait(false))
        {
            var added = await reader.NextAsync(WatchEventType.Added, "a").ConfigureAwait(false);
            Check.True(added.Object.Data!["k"] == text, "the event carries the whole value");
        }
    }
}
