using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace Flink.Kubernetes.HA;

/// <summary>Disposes things in stages: the next stage begins when all of the one before have ended, also by an exception.</summary>
internal static class StagedDisposal
{
    /// <exception cref="AggregateException">Several failed; a single failure is thrown as it is.</exception>
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
            throw new AggregateException("Several parts of the HA services failed to close.", failures);
        }
    }

#pragma warning disable CA1031 // Whatever fails to close must not keep the others open.
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
