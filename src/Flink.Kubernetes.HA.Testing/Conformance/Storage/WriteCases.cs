using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

internal static class WriteCases
{
    private const int Large = 64 << 20;

    internal static IEnumerable<StateStorageConformanceCase> All =>
    [
        new("write: what was written is read", Roundtrip),
        new("write: the answer has key, size, SHA-256 and a location", Answer),
        new("write: empty data is data", Empty),
        new("write: one byte", run => RoundtripOf(run, 1)),
        new("write: 300 KB and a byte", run => RoundtripOf(run, 300 * 1024 + 1)),
        new("write: 5 MB exactly", run => RoundtripOf(run, 5 << 20)),
        new("write: 64 MB that are made while they are read", LargeStream),
        new("write: several large streams at once", SeveralLargeStreams),
        new("write: begins where the stream stands", BeginsWhereTheStreamStands),
        new("write: the stream is not disposed", StreamStaysOpen),
        new("write: a key that is taken is refused and its data stays", TakenKeyIsRefused),
        new("write: a key that is taken is refused for large data too", TakenKeyIsRefusedForLargeData),
        new("write: the same data under a taken key is refused too", SameDataIsRefused),
        new("write: a deleted key can be written again", DeletedKeyIsFree),
        new("write: another instance sees it at once", AnotherInstanceSeesIt),
        new("write: progress goes up to the size", Progress),
        new("write: an exception of the content passes through and leaves nothing", ContentFails),
        new("write: an exception late in large content leaves nothing", LargeContentFails),
    ];

    private static Task Roundtrip(StorageRun run) => RoundtripOf(run, 1000);

    private static async Task RoundtripOf(StorageRun run, int size)
    {
        var content = StorageRun.Bytes(size);
        var state = await run.WriteAsync("cluster/job/a", content).ConfigureAwait(false);
        StorageRun.Same(content, await run.ReadAsync("cluster/job/a").ConfigureAwait(false), "the data");
        StorageRun.Same(content, await run.Storage.ReadAllBytesAsync(state, run.Token).ConfigureAwait(false), "the verified data");
    }

    private static async Task Answer(StorageRun run)
    {
        var content = StorageRun.Bytes(1234);
        var state = await run.WriteAsync("cluster/a", content).ConfigureAwait(false);
        Check.Equal(new StateKey("cluster/a"), state.Key, "the key");
        Check.Equal(1234L, state.Size, "the size");
        Check.Equal(StorageRun.Sha256(content), state.Sha256, "the SHA-256");
    }

    private static async Task Empty(StorageRun run)
    {
        var state = await run.WriteAsync("cluster/a", []).ConfigureAwait(false);
        Check.Equal(0L, state.Size, "the size");
        Check.Equal(StorageRun.Sha256([]), state.Sha256, "the SHA-256");
        Check.Equal(0, (await run.Storage.ReadAllBytesAsync(state, run.Token).ConfigureAwait(false)).Length, "the length that is read");
        Check.Equal(0L, (await run.ListAsync().ConfigureAwait(false)).Single().Size, "the size in the list");
    }

    private static Task LargeStream(StorageRun run) => LargeStreamAsync(run, "a", Large + 12_345);

    private static Task SeveralLargeStreams(StorageRun run) =>
        Task.WhenAll(Enumerable.Range(0, 4).Select(i => LargeStreamAsync(run, $"k{i}", (12 << 20) + i)));

    private static async Task LargeStreamAsync(StorageRun run, string key, long size)
    {
        using var content = new PatternStream(size);
        var state = await run.WriteAsync(key, content).ConfigureAwait(false);
        Check.Equal(size, state.Size, "the size");
        var stream = await run.Storage.OpenReadAsync(state, progress: null, run.Token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            Check.True(await PatternStream.IsSameAsync(stream, size, run.Token).ConfigureAwait(false), "the data to be what was written");
        }
    }

    private static async Task BeginsWhereTheStreamStands(StorageRun run)
    {
        var bytes = StorageRun.Bytes(100);
        using var content = new MemoryStream(bytes) { Position = 40 };
        Check.Equal(60L, (await run.WriteAsync("a", content).ConfigureAwait(false)).Size, "the size");
        StorageRun.Same(bytes[40..], await run.ReadAsync("a").ConfigureAwait(false), "the data");
    }

    private static async Task StreamStaysOpen(StorageRun run)
    {
        using var content = new MemoryStream(StorageRun.Bytes(100));
        await run.WriteAsync("a", content).ConfigureAwait(false);
        Check.True(content.CanRead, "the stream to be open");
    }

    private static async Task TakenKeyIsRefused(StorageRun run)
    {
        var first = StorageRun.Bytes(500);
        await run.WriteAsync("a/b", first).ConfigureAwait(false);
        var refusal = await StorageRun.FailsAsync(StateStorageFailure.AlreadyExists, () => run.WriteAsync("a/b", StorageRun.Bytes(600, seed: 2)), "the second write").ConfigureAwait(false);
        Check.Equal(new StateKey("a/b"), refusal.Key, "the key of the exception");
        StorageRun.Same(first, await run.ReadAsync("a/b").ConfigureAwait(false), "the data");
    }

    private static async Task TakenKeyIsRefusedForLargeData(StorageRun run)
    {
        var first = StorageRun.Bytes(500);
        await run.WriteAsync("a", first).ConfigureAwait(false);
        using var content = new PatternStream(Large / 2);
        await StorageRun.FailsAsync(StateStorageFailure.AlreadyExists, () => run.WriteAsync("a", content), "the second write").ConfigureAwait(false);
        StorageRun.Same(first, await run.ReadAsync("a").ConfigureAwait(false), "the data");
    }

    private static async Task SameDataIsRefused(StorageRun run)
    {
        await run.WriteAsync("a", StorageRun.Bytes(500)).ConfigureAwait(false);
        await StorageRun.FailsAsync(StateStorageFailure.AlreadyExists, () => run.WriteAsync("a", StorageRun.Bytes(500)), "the second write").ConfigureAwait(false);
    }

    private static async Task DeletedKeyIsFree(StorageRun run)
    {
        await run.WriteAsync("a", StorageRun.Bytes(500)).ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        await RoundtripOf(run, 700).ConfigureAwait(false);
    }

    private static async Task AnotherInstanceSeesIt(StorageRun run)
    {
        var content = StorageRun.Bytes(500);
        var state = await run.WriteAsync("a/b", content).ConfigureAwait(false);
        var other = await run.ReopenAsync().ConfigureAwait(false);
        StorageRun.Same(content, await other.ReadAllBytesAsync(state, run.Token).ConfigureAwait(false), "the data that another instance reads");
    }

    private static async Task Progress(StorageRun run)
    {
        const int Size = 24 << 20;
        var progress = new ProgressRecord();
        using var content = new PatternStream(Size);
        await run.WriteAsync("a", content, progress).ConfigureAwait(false);
        Check.True(progress.Reports.Count > 1, "more than one report of progress");
        Check.Sequence(progress.Reports.Order(), progress.Reports, "the reports of progress");
        Check.Equal((long)Size, progress.Reports[^1], "the last report of progress");
    }

    private static Task ContentFails(StorageRun run) => ContentFailsAsync(run, 0);

    private static Task LargeContentFails(StorageRun run) => ContentFailsAsync(run, Large / 3);

    private static async Task ContentFailsAsync(StorageRun run, long at)
    {
        var thrown = new InvalidDataException("the content can't be read on");
        using var content = new PatternStream(Large, (position, _) => position >= at ? Task.FromException(thrown) : Task.CompletedTask);
        Exception? caught = null;
        try
        {
            await run.WriteAsync("a", content).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is InvalidDataException or StateStorageException)
        {
            caught = exception;
        }

        Check.True(ReferenceEquals(thrown, caught), $"the exception of the content, not {caught}");
        await run.IsAbsentAsync("a").ConfigureAwait(false);
    }
}
