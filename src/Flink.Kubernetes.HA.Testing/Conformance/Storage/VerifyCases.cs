using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

internal static class VerifyCases
{
    internal static IEnumerable<StateStorageConformanceCase> All =>
    [
        new("verify: a wrong SHA-256 is Corrupt", WrongSha256),
        new("verify: data that is shorter than told is Corrupt", TooShort),
        new("verify: data that is longer than told is Corrupt", TooLong),
        new("verify: the last bytes of wrong data are not handed out", LastBytesAreKeptBack),
        new("verify: progress goes up to the size", Progress),
        new("verify: other data under the key is Corrupt", OtherData),
    ];

    private static async Task WrongSha256(StorageRun run)
    {
        var state = await run.WriteAsync("a", StorageRun.Bytes(100_000)).ConfigureAwait(false);
        await IsCorruptAsync(run, state with { Sha256 = StorageRun.Sha256([]) }).ConfigureAwait(false);
    }

    private static async Task TooShort(StorageRun run)
    {
        var state = await run.WriteAsync("a", StorageRun.Bytes(100_000)).ConfigureAwait(false);
        await IsCorruptAsync(run, state with { Size = 100_001 }).ConfigureAwait(false);
    }

    private static async Task TooLong(StorageRun run)
    {
        var content = StorageRun.Bytes(100_000);
        var state = await run.WriteAsync("a", content).ConfigureAwait(false);
        await IsCorruptAsync(run, state with { Size = 99_999, Sha256 = StorageRun.Sha256(content.AsSpan(0, 99_999)) }).ConfigureAwait(false);
        await IsCorruptAsync(run, state with { Size = 0, Sha256 = StorageRun.Sha256([]) }).ConfigureAwait(false);
    }

    private static async Task LastBytesAreKeptBack(StorageRun run)
    {
        const int Size = 300_000;
        var state = await run.WriteAsync("a", StorageRun.Bytes(Size)).ConfigureAwait(false);
        var stream = await run.Storage.OpenReadAsync(state with { Sha256 = StorageRun.Sha256([]) }, progress: null, run.Token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var read = 0;
            await StorageRun.FailsAsync(StateStorageFailure.Corrupt, ReadOnAsync, "reading wrong data").ConfigureAwait(false);
            Check.True(read < Size, "fewer bytes than all");
            await StorageRun.FailsAsync(StateStorageFailure.Corrupt, ReadOnAsync, "reading on").ConfigureAwait(false);

            async Task ReadOnAsync()
            {
                var buffer = new byte[70_000];
                for (int count; (count = await stream.ReadAsync(buffer, run.Token).ConfigureAwait(false)) > 0;)
                {
                    read += count;
                }
            }
        }
    }

    private static async Task Progress(StorageRun run)
    {
        var state = await run.WriteAsync("a", StorageRun.Bytes(500_000)).ConfigureAwait(false);
        var progress = new ProgressRecord();
        var stream = await run.Storage.OpenReadAsync(state, progress, run.Token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await stream.CopyToAsync(Stream.Null, run.Token).ConfigureAwait(false);
        }

        Check.Sequence(progress.Reports.Order(), progress.Reports, "the reports of progress");
        Check.Equal(500_000L, progress.Reports[^1], "the last report of progress");
    }

    private static async Task OtherData(StorageRun run)
    {
        var state = await run.WriteAsync("a", StorageRun.Bytes(1000)).ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        await run.WriteAsync("a", StorageRun.Bytes(1000, seed: 2)).ConfigureAwait(false);
        await IsCorruptAsync(run, state).ConfigureAwait(false);
    }

    private static async Task IsCorruptAsync(StorageRun run, StoredState state)
    {
        var failure = await StorageRun.FailsAsync(StateStorageFailure.Corrupt, () => run.Storage.ReadAllBytesAsync(state, run.Token), "reading wrong data").ConfigureAwait(false);
        Check.Equal(state.Key, failure.Key, "the key of the exception");
    }
}
