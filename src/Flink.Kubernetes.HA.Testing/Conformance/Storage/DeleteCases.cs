namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

internal static class DeleteCases
{
    internal static IEnumerable<StateStorageConformanceCase> All =>
    [
        new("delete: says that there was data, and it is gone", Delete),
        new("delete: says that there was none", DeleteMissing),
        new("delete: what lies beside and below stays", NeighboursStay),
        new("delete: a folder of keys is no data", FolderIsNoData),
        new("delete: twice", DeleteTwice),
        new("delete: unfinished writes can be removed, and data stays", RemoveUnfinished),
    ];

    private static async Task Delete(StorageRun run)
    {
        await run.WriteAsync("a/b", [1]).ConfigureAwait(false);
        Check.True(await run.DeleteAsync("a/b").ConfigureAwait(false), "the delete to say that there was data");
        await run.IsAbsentAsync("a/b").ConfigureAwait(false);
    }

    private static async Task DeleteMissing(StorageRun run)
    {
        Check.True(!await run.DeleteAsync("a").ConfigureAwait(false), "the delete to say that there was none");
        Check.True(!await run.DeleteAsync("a/b/c").ConfigureAwait(false), "the delete to say that there was none");
    }

    private static async Task NeighboursStay(StorageRun run)
    {
        foreach (var key in new[] { "a/b", "a/bc", "a/c/d", "ab" })
        {
            await run.WriteAsync(key, [1]).ConfigureAwait(false);
        }

        await run.DeleteAsync("a/b").ConfigureAwait(false);
        Check.Sequence(["a/bc", "a/c/d", "ab"], await run.KeysAsync().ConfigureAwait(false), "the keys that are left");
    }

    private static async Task FolderIsNoData(StorageRun run)
    {
        await run.WriteAsync("a/b", [1]).ConfigureAwait(false);
        Check.True(!await run.DeleteAsync("a").ConfigureAwait(false), "the delete to say that there was none");
        Check.Sequence(["a/b"], await run.KeysAsync().ConfigureAwait(false), "the keys that are left");
    }

    private static async Task DeleteTwice(StorageRun run)
    {
        await run.WriteAsync("a", [1]).ConfigureAwait(false);
        Check.True(await run.DeleteAsync("a").ConfigureAwait(false), "the first delete to say that there was data");
        Check.True(!await run.DeleteAsync("a").ConfigureAwait(false), "the second delete to say that there was none");
    }

    private static async Task RemoveUnfinished(StorageRun run)
    {
        await run.WriteAsync("a/b", [1]).ConfigureAwait(false);
        Check.Equal(0, await run.Storage.RemoveUnfinishedWritesAsync("", TimeSpan.FromDays(1), run.Token).ConfigureAwait(false), "how many unfinished writes were removed");
        Check.Sequence(["a/b"], await run.KeysAsync().ConfigureAwait(false), "the keys that are left");
    }
}
