using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

internal static class CancelCases
{
    internal static IEnumerable<StateStorageConformanceCase> All =>
    [
        new("cancel: a write that is canceled before it begins leaves nothing", BeforeItBegins),
        new("cancel: a write that is canceled in the middle leaves nothing", run => InTheMiddleAsync(run, 100_000, 1 << 20)),
        new("cancel: a large write that is canceled in the middle leaves nothing", run => InTheMiddleAsync(run, 30 << 20, 64 << 20)),
        new("cancel: after a canceled write the key can be written", TheKeyIsFree),
        new("cancel: reads, lists and deletes that are canceled say so", OtherCalls),
    ];

    private static async Task BeforeItBegins(StorageRun run)
    {
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync().ConfigureAwait(false);
        using var content = new PatternStream(100);
        await Check.IsCancelledAsync(() => run.Storage.WriteAsync(new StateKey("a"), content, progress: null, cancel.Token), "a canceled write").ConfigureAwait(false);
        await run.IsAbsentAsync("a").ConfigureAwait(false);
    }

    private static async Task InTheMiddleAsync(StorageRun run, long at, long size)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(run.Token);
        using var content = new PatternStream(size, async (position, token) =>
        {
            if (position >= at)
            {
                // As a source that hangs: only the token gets out of it.
                await cancel.CancelAsync().ConfigureAwait(false);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token).ConfigureAwait(false);
            }
        });
        await Check.IsCancelledAsync(() => run.Storage.WriteAsync(new StateKey("a"), content, progress: null, cancel.Token), "a canceled write").ConfigureAwait(false);
        await run.IsAbsentAsync("a").ConfigureAwait(false);
    }

    private static async Task TheKeyIsFree(StorageRun run)
    {
        await InTheMiddleAsync(run, 12 << 20, 16 << 20).ConfigureAwait(false);
        await run.WriteAsync("a", StorageRun.Bytes(77)).ConfigureAwait(false);
        StorageRun.Same(StorageRun.Bytes(77), await run.ReadAsync("a").ConfigureAwait(false), "the data");
    }

    private static async Task OtherCalls(StorageRun run)
    {
        await run.WriteAsync("a", [1]).ConfigureAwait(false);
        using var cancel = new CancellationTokenSource();
        await cancel.CancelAsync().ConfigureAwait(false);
        await Check.IsCancelledAsync(() => run.Storage.OpenReadAsync(new StateKey("a"), cancel.Token), "a canceled read").ConfigureAwait(false);
        await Check.IsCancelledAsync(() => run.Storage.DeleteAsync(new StateKey("a"), cancel.Token), "a canceled delete").ConfigureAwait(false);
        await Check.IsCancelledAsync(() => run.Storage.RemoveUnfinishedWritesAsync("", TimeSpan.FromDays(1), cancel.Token), "a canceled removal").ConfigureAwait(false);
        await Check.IsCancelledAsync(
            async () =>
            {
                await foreach (var entry in run.Storage.ListAsync("", cancel.Token).ConfigureAwait(false))
                {
                    throw new ConformanceException($"Expected a canceled list to hold nothing, but it holds {entry.Key}.");
                }
            },
            "a canceled list").ConfigureAwait(false);
        StorageRun.Same([1], await run.ReadAsync("a").ConfigureAwait(false), "the data");
    }
}
