using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Flink.Kubernetes.HA.Hosting;

/// <summary>Disposes objects in stages: a stage begins when all disposals of the previous one have ended, even if some have failed.</summary>
internal static class StagedDisposal
{
    /// <exception cref="AggregateException">Several disposals failed; a single failure is thrown as it is.</exception>
    public static async Task DisposeAsync(params IReadOnlyList<IEnumerable<IAsyncDisposable>> stages)
    {
        var failures = new ConcurrentQueue<Exception>();
        foreach (var stage in stages)
        {
            await Task.WhenAll(stage.Select(item => DisposeAsync(item, failures))).ConfigureAwait(false);
        }

        if (failures.Count == 1)
        {
            ExceptionDispatchInfo.Throw(failures.First());
        }

        if (!failures.IsEmpty)
        {
            throw new AggregateException("Several parts of the HA services could not be disposed.", failures);
        }
    }

#pragma warning disable CA1031 // A part that fails must not keep the others from being disposed.
    private static async Task DisposeAsync(IAsyncDisposable item, ConcurrentQueue<Exception> failures)
    {
        try
        {
            await item.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failures.Enqueue(exception);
        }
    }
#pragma warning restore CA1031
}
