using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

internal static class ListCases
{
    private static readonly string[] Some = ["a", "b/c", "b/cd", "b/d/e", "ba"];

    internal static IEnumerable<StateStorageConformanceCase> All =>
    [
        new("list: nothing in an empty storage", Empty),
        new("list: has key, size and time", Entry),
        new("list: everything without a prefix", run => ListsAsync(run, "", Some)),
        new("list: by whole segments", run => ListsAsync(run, "b/", "b/c", "b/cd", "b/d/e")),
        new("list: by the beginning of a segment", run => ListsAsync(run, "b/c", "b/c", "b/cd")),
        new("list: by the beginning of the first segment", run => ListsAsync(run, "b", "b/c", "b/cd", "b/d/e", "ba")),
        new("list: a prefix that nothing begins with", run => ListsAsync(run, "b/x/y")),
        new("list: a prefix below a key", run => ListsAsync(run, "a/")),
        new("list: 1,200 keys, each once", ManyKeys),
        new("list: while keys come and go, what stays is there once", ListWhileWriting),
        new("list: can be left half-way", LeaveHalfWay),
        new("list: a prefix that leads out of the storage is refused", HostilePrefix),
    ];

    private static async Task Empty(StorageRun run) => Check.Equal(0, (await run.ListAsync().ConfigureAwait(false)).Count, "the number of entries");

    private static async Task Entry(StorageRun run)
    {
        await run.WriteAsync("a/b", StorageRun.Bytes(1234)).ConfigureAwait(false);
        await run.WriteAsync("a/c", [1]).ConfigureAwait(false);
        var entries = (await run.ListAsync().ConfigureAwait(false)).OrderBy(entry => entry.Size).ToList();
        Check.Equal(new StateKey("a/b"), entries[1].Key, "the key");
        Check.Equal(1234L, entries[1].Size, "the size");
        Check.True(entries[1].LastModified.Year >= 2000, $"a last-modified time, not {entries[1].LastModified:O}");
        Check.True((entries[1].LastModified - entries[0].LastModified).Duration() < TimeSpan.FromMinutes(10), "two writes in turn to have about the same time");
    }

    private static async Task ListsAsync(StorageRun run, string prefix, params string[] expected)
    {
        foreach (var key in Some)
        {
            await run.WriteAsync(key, [1]).ConfigureAwait(false);
        }

        Check.Sequence(expected, await run.KeysAsync(prefix).ConfigureAwait(false), $"the keys that begin with '{prefix}'");
    }

    private static async Task ManyKeys(StorageRun run)
    {
        var keys = Enumerable.Range(0, 1200).Select(i => $"cluster/job{i % 7}/checkpoint-{i:0000}").Order(StringComparer.Ordinal).ToList();
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = run.Token }, async (key, _) => await run.WriteAsync(key, [1, 2]).ConfigureAwait(false)).ConfigureAwait(false);
        Check.Sequence(keys, await run.KeysAsync("cluster/").ConfigureAwait(false), "the keys");
        Check.Equal(1200 / 7 + 1, (await run.KeysAsync("cluster/job1/").ConfigureAwait(false)).Count(), "the number of keys of one job");
    }

    private static async Task ListWhileWriting(StorageRun run)
    {
        var stay = Enumerable.Range(0, 50).Select(i => $"stay/k{i:00}").ToList();
        foreach (var key in stay)
        {
            await run.WriteAsync(key, [1]).ConfigureAwait(false);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(run.Token);
        var changes = Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                await run.WriteAsync($"stay/n{i % 3}/x{i}", [1]).ConfigureAwait(false);
                await run.DeleteAsync($"stay/n{i % 3}/x{i}").ConfigureAwait(false);
            }
        });
        for (var i = 0; i < 30; i++)
        {
            Check.Sequence(stay, await run.KeysAsync("stay/k").ConfigureAwait(false), "the keys that stay");
            Check.Sequence(stay, (await run.KeysAsync().ConfigureAwait(false)).Where(key => key.StartsWith("stay/k", StringComparison.Ordinal)), "the keys that stay");
        }

        await stop.CancelAsync().ConfigureAwait(false);
        await changes.ConfigureAwait(false);
    }

    private static async Task LeaveHalfWay(StorageRun run)
    {
        foreach (var key in Some)
        {
            await run.WriteAsync(key, [1]).ConfigureAwait(false);
        }

        await foreach (var entry in run.Storage.ListAsync("", run.Token).ConfigureAwait(false))
        {
            Check.True(Some.Contains(entry.Key.Value), "a key that was written");
            break;
        }

        Check.Sequence(Some, await run.KeysAsync().ConfigureAwait(false), "the keys");
    }

    private static async Task HostilePrefix(StorageRun run)
    {
        foreach (var prefix in new[] { "../", "a/../", "/", "/etc/", "..", ".unfinished/", "a//", "a\0b" })
        {
            try
            {
                await run.ListAsync(prefix).ConfigureAwait(false);
            }
            catch (ArgumentException)
            {
                continue;
            }

            throw new ConformanceException($"Expected the prefix '{prefix}' to be refused.");
        }
    }
}
