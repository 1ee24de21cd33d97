using System.Diagnostics.CodeAnalysis;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>Deletes data to which no pointer refers or ever will, a few at once. What cannot be deleted is left to the sweep.</summary>
/// <remarks>Never within a turn of <see cref="TermWriter"/>: a storage that hangs must not stop the writes of the term.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle is not used holds no resources.")]
internal sealed class Discards(IStateStorage storage, LeadershipTerm term)
{
    private const int MostAtOnce = 8;

    /// <summary>A storage that deletes more slowly than a job writes must not fill the memory of its leader.</summary>
    private const int MostWaiting = 10_000;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _places = new(MostAtOnce);
    private int _waiting;

    /// <summary>Deletes the data; never fails, and has not to be waited for.</summary>
    public Task RunAsync(IReadOnlyCollection<StateKey> keys) => keys.Count == 0 ? Task.CompletedTask : Task.WhenAll(keys.Select(DeleteAsync));

    private async Task DeleteAsync(StateKey key)
    {
        try
        {
            if (Interlocked.Increment(ref _waiting) > MostWaiting)
            {
                throw new StateStorageException(StateStorageFailure.Throttled, $"{MostWaiting} deletes are waiting for {storage.Location}.");
            }

            await _places.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            try
            {
                using var limit = new CancellationTokenSource(Limit, term.TimeProvider);
                await storage.DeleteAsync(key, limit.Token).Observed().WaitAsync(limit.Token).ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }
        }
#pragma warning disable CA1031 // Whatever the storage throws: nothing depends on the data any more.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.DataLeftBehind(term.Logger, storage.Location, key.Value, exception);
            term.Metrics.DataLeftBehind(term.MetricTag);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
