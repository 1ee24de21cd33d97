using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

internal static class ReadCases
{
    internal static IEnumerable<StateStorageConformanceCase> All =>
    [
        new("read: a key that is not there is NotFound", MissingKey),
        new("read: a folder of keys is NotFound", FolderIsNotFound),
        new("read: a key below a key is NotFound", BelowAKeyIsNotFound),
        new("read: two readers at once do not disturb each other", TwoReaders),
        new("read: part of a stream can be read and left", PartIsEnough),
        new("read: goes on or fails clearly while the data is deleted", ReadWhileDeleting),
    ];

    private static async Task MissingKey(StorageRun run)
    {
        var failure = await StorageRun.FailsAsync(StateStorageFailure.NotFound, () => run.ReadAsync("a/b"), "reading what is not there").ConfigureAwait(false);
        Check.Equal(new StateKey("a/b"), failure.Key, "the key of the exception");
        Check.NotEmpty(failure.Location, "the location of the exception");
    }

    private static async Task FolderIsNotFound(StorageRun run)
    {
        await run.WriteAsync("a/b/c", [1]).ConfigureAwait(false);
        await StorageRun.FailsAsync(StateStorageFailure.NotFound, () => run.ReadAsync("a/b"), "reading a folder").ConfigureAwait(false);
    }

    private static async Task BelowAKeyIsNotFound(StorageRun run)
    {
        await run.WriteAsync("a", [1]).ConfigureAwait(false);
        await StorageRun.FailsAsync(StateStorageFailure.NotFound, () => run.ReadAsync("a/b"), "reading below a key").ConfigureAwait(false);
    }

    private static async Task TwoReaders(StorageRun run)
    {
        var content = StorageRun.Bytes(3 << 20);
        await run.WriteAsync("a", content).ConfigureAwait(false);
        var read = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => run.ReadAsync("a"))).ConfigureAwait(false);
        foreach (var bytes in read)
        {
            StorageRun.Same(content, bytes, "the data");
        }
    }

    private static async Task PartIsEnough(StorageRun run)
    {
        var content = StorageRun.Bytes(8 << 20);
        await run.WriteAsync("a", content).ConfigureAwait(false);
        for (var i = 0; i < 5; i++)
        {
            var stream = await run.Storage.OpenReadAsync(new StateKey("a"), run.Token).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                var some = new byte[1000];
                await stream.ReadExactlyAsync(some, run.Token).ConfigureAwait(false);
                StorageRun.Same(content[..1000], some, "the beginning of the data");
            }
        }
    }

    private static async Task ReadWhileDeleting(StorageRun run)
    {
        const int Size = 16 << 20;
        using var content = new PatternStream(Size);
        var state = await run.WriteAsync("a", content).ConfigureAwait(false);
        var stream = await run.Storage.OpenReadAsync(state, progress: null, run.Token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await run.DeleteAsync("a").ConfigureAwait(false);
            try
            {
                Check.True(await PatternStream.IsSameAsync(stream, Size, run.Token).ConfigureAwait(false), "the data to be what was written");
            }
            catch (StateStorageException)
            {
                // It may not be there any more; it may not be wrong.
            }
        }

        await run.IsAbsentAsync("a").ConfigureAwait(false);
    }
}
