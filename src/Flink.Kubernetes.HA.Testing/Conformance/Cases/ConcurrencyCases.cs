using System.Globalization;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class ConcurrencyCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("concurrency: increments by replace with retries lose nothing", IncrementsByReplaceLoseNothing),
        new("concurrency: increments by JSON Patch with a test lose nothing", IncrementsByJsonPatchLoseNothing),
        new("concurrency: of many creates of one name one succeeds", OneCreateSucceeds),
        new("concurrency: of many patches that test one value one succeeds", OneTestedPatchSucceeds),
        new("concurrency: of many merge patches with one version one succeeds", OneVersionedMergePatchSucceeds),
        new("concurrency: JSON Patches to different keys do not conflict", PatchesToDifferentKeysDoNotConflict),
        new("concurrency: of many deletes one succeeds", OneDeleteSucceeds),
    ];

    private static async Task IncrementsByReplaceLoseNothing(ConformanceRun run)
    {
        await run.CreateAsync("a", ("n", "0")).ConfigureAwait(false);
        await ManyAsync(6, async _ =>
        {
            for (var done = 0; done < 5;)
            {
                var read = await run.GetAsync("a").ConfigureAwait(false);
                var wanted = read with { Data = ConformanceRun.Map(("n", Increment(read))) };
                done += await SucceedsAsync(() => run.ReplaceAsync(wanted), KubeFailure.Conflict).ConfigureAwait(false) ? 1 : 0;
            }
        }).ConfigureAwait(false);
        Check.Equal("30", (await run.GetAsync("a").ConfigureAwait(false)).Data!["n"], "the count");
    }

    private static async Task IncrementsByJsonPatchLoseNothing(ConformanceRun run)
    {
        await run.CreateAsync("a", ("n", "0")).ConfigureAwait(false);
        await ManyAsync(6, async _ =>
        {
            for (var done = 0; done < 5;)
            {
                var read = await run.GetAsync("a").ConfigureAwait(false);
                var patch = KubePatch.Json(JsonPatchOperation.Test("/data/n", read.Data!["n"]), JsonPatchOperation.Replace("/data/n", Increment(read)));
                done += await SucceedsAsync(() => run.PatchAsync("a", patch), KubeFailure.Invalid).ConfigureAwait(false) ? 1 : 0;
            }
        }).ConfigureAwait(false);
        Check.Equal("30", (await run.GetAsync("a").ConfigureAwait(false)).Data!["n"], "the count");
    }

    private static Task OneCreateSucceeds(ConformanceRun run) =>
        OneSucceedsAsync(i => run.CreateAsync("a", ("k", $"{i}")), KubeFailure.AlreadyExists);

    private static async Task OneTestedPatchSucceeds(ConformanceRun run)
    {
        await run.CreateAsync("a", ("holder", "nobody")).ConfigureAwait(false);
        await OneSucceedsAsync(
            i => run.PatchAsync("a", KubePatch.Json(JsonPatchOperation.Test("/data/holder", "nobody"), JsonPatchOperation.Replace("/data/holder", $"{i}"))),
            KubeFailure.Invalid).ConfigureAwait(false);
    }

    private static async Task OneVersionedMergePatchSucceeds(ConformanceRun run)
    {
        var read = await run.CreateAsync("a", ("holder", "nobody")).ConfigureAwait(false);
        await OneSucceedsAsync(
            i => run.PatchAsync("a", KubePatch.Merge(new()
            {
                ["metadata"] = new System.Text.Json.Nodes.JsonObject { ["resourceVersion"] = read.Metadata.ResourceVersion },
                ["data"] = new System.Text.Json.Nodes.JsonObject { ["holder"] = $"{i}" },
            })),
            KubeFailure.Conflict).ConfigureAwait(false);
    }

    private static async Task PatchesToDifferentKeysDoNotConflict(ConformanceRun run)
    {
        await run.CreateAsync("a", ("k", "0")).ConfigureAwait(false);
        await ManyAsync(20, i => run.PatchAsync("a", KubePatch.Json(
            JsonPatchOperation.Test("/data/k", "0"),
            JsonPatchOperation.Test($"/data/k{i}", null),
            JsonPatchOperation.Add($"/data/k{i}", $"{i}")))).ConfigureAwait(false);
        Check.Equal(21, (await run.GetAsync("a").ConfigureAwait(false)).Data!.Count, "the number of entries");
    }

    private static async Task OneDeleteSucceeds(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a").ConfigureAwait(false);
        await OneSucceedsAsync(
            async _ => { await run.DeleteAsync("a", new DeletePreconditions(stored.Metadata.Uid)).ConfigureAwait(false); return stored; },
            KubeFailure.NotFound).ConfigureAwait(false);
    }

    private static string Increment(ConfigMap read) =>
        (int.Parse(read.Data!["n"], CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);

    private static Task ManyAsync(int count, Func<int, Task> action) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => action(i))));

    private static async Task OneSucceedsAsync(Func<int, Task<ConfigMap>> action, KubeFailure otherwise)
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Task.Run(() => SucceedsAsync(() => action(i), otherwise)))).ConfigureAwait(false);
        Check.Equal(1, results.Count(succeeded => succeeded), "the number of calls that succeeded");
    }

    private static async Task<bool> SucceedsAsync(Func<Task> call, KubeFailure otherwise)
    {
        try
        {
            await call().ConfigureAwait(false);
            return true;
        }
        catch (KubeClientException exception) when (exception.Failure == otherwise)
        {
            return false;
        }
    }
}
