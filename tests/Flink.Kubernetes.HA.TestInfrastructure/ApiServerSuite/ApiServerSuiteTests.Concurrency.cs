using System.Globalization;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

public abstract partial class ApiServerSuiteTests
{
    [Fact]
    public Task Concurrent_increments_by_replace_with_retries_lose_nothing() =>
        IncrementAsync((read, next) => ReplaceAsync(read with { Data = Map(("n", next)) }), Refusal.Conflict);

    [Fact]
    public Task Concurrent_increments_by_JSON_Patch_with_a_test_lose_nothing() =>
        IncrementAsync((read, next) => PatchAsync("a", Test("/data/n", read.Data["n"]), Replace("/data/n", next)), Refusal.Invalid);

    [Fact]
    public Task Of_many_creates_of_one_name_one_succeeds() => OneSucceedsAsync(i => CreateAsync("a", ("k", $"{i}")), Refusal.AlreadyExists);

    [Fact]
    public async Task Of_many_patches_that_test_one_value_one_succeeds()
    {
        await CreateAsync("a", ("k", "nobody"));
        await OneSucceedsAsync(i => PatchAsync("a", Test("/data/k", "nobody"), Replace("/data/k", $"{i}")), Refusal.Invalid);
    }

    [Fact]
    public async Task Of_many_merge_patches_with_one_version_one_succeeds()
    {
        var read = await CreateAsync("a", ("k", "nobody"));
        await OneSucceedsAsync(i => SetFromAsync(read.Metadata.ResourceVersion, $"{i}"), Refusal.Conflict);
    }

    [Fact]
    public async Task JSON_Patches_to_different_keys_do_not_conflict()
    {
        await CreateAsync("a", ("k", "0"));
        await ManyAsync(20, i => PatchAsync("a", Test("/data/k", "0"), Test($"/data/k{i}", null), Add($"/data/k{i}", $"{i}")));
        (await GetAsync("a")).Data.Should().HaveCount(21);
    }

    [Fact]
    public async Task Of_many_deletes_one_succeeds()
    {
        var stored = await CreateAsync("a");
        await OneSucceedsAsync(_ => DeleteAsync("a", stored.Metadata.Uid), Refusal.NotFound);
    }

    private async Task IncrementAsync(Func<V1ConfigMap, string, Task> write, Refusal otherwise)
    {
        await CreateAsync("a", ("n", "0"));
        await ManyAsync(6, async _ =>
        {
            for (var done = 0; done < 5;)
            {
                var read = await GetAsync("a");
                var next = int.Parse(read.Data["n"], CultureInfo.InvariantCulture) + 1;
                done += await SucceedsAsync(() => write(read, $"{next}"), otherwise) ? 1 : 0;
            }
        });
        (await GetAsync("a")).Data["n"].Should().Be("30");
    }

    private static Task ManyAsync(int count, Func<int, Task> action) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => action(i))));

    private static async Task OneSucceedsAsync(Func<int, Task> action, Refusal otherwise)
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => Task.Run(() => SucceedsAsync(() => action(i), otherwise))));
        results.Count(succeeded => succeeded).Should().Be(1);
    }

    private static async Task<bool> SucceedsAsync(Func<Task> call, Refusal otherwise)
    {
        try
        {
            await call();
            return true;
        }
        catch (ApiServerRefusal refusal) when (refusal.Kind == otherwise)
        {
            return false;
        }
    }
}
