using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Deletes data that was listed before its pointers were removed. Data that is written later has other keys and is not affected.</summary>
internal sealed class DataDeletion(LeadershipTerm term, IStateStorage storage)
{
    public const int MostAtOnce = 8;

    private HashSet<StateKey> _listed = [];

    public async Task ListAsync(string prefix, CancellationToken cancellationToken)
    {
        await foreach (var entry in storage.ListAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            _listed.Add(entry.Key);
        }
    }

    /// <summary>Deletes what was listed and is not deleted yet, a few at once.</summary>
    /// <exception cref="StateStorageException">Some data could not be deleted; the other was.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var failures = await DeleteAsync(term, storage, _listed, cancellationToken).ConfigureAwait(false);
        _listed = [.. failures.Select(failure => failure.Key)];
        if (failures is [var (_, first), ..])
        {
            throw new StateStorageException(first.Failure, $"{failures.Count} items could not be deleted. The first: {first.Message}", first) { Key = first.Key };
        }
    }

    /// <summary>Deletes data, a few items at once.</summary>
    /// <returns>What could not be deleted.</returns>
    public static async Task<IReadOnlyList<(StateKey Key, StateStorageException Exception)>> DeleteAsync(
        LeadershipTerm term, IStateStorage storage, IEnumerable<StateKey> keys, CancellationToken cancellationToken)
    {
        List<(StateKey, StateStorageException)> failures = [];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(keys, parallel, async (key, token) =>
        {
            term.ThrowIfNotLeading();
            try
            {
                await storage.DeleteAsync(key, token).ConfigureAwait(false);
            }
            catch (StateStorageException exception)
            {
                lock (failures)
                {
                    failures.Add((key, exception));
                }
            }
        }).ConfigureAwait(false);
        return failures;
    }
}
