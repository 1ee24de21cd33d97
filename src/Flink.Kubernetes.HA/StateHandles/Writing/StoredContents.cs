using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>The data behind the pointers of a term.</summary>
internal sealed class StoredContents(IStateStorage storage, LeadershipTerm term)
{
    /// <summary>Deleting what is of no use must not hold anybody up for long.</summary>
    private static readonly TimeSpan DiscardLimit = TimeSpan.FromSeconds(30);

    /// <summary>A key that nothing has had before: a late or repeated write or delete of one never hits another.</summary>
    public StateKey NewKey(string key) => new($"{term.Context.StorageRoot}/{term.Component.Name}/{key}-{Guid.NewGuid():N}");

    /// <summary>How the markers begin that tell which ConfigMaps the data belongs to; see <see cref="StateOrigin"/>.</summary>
    public string MarkerPrefix => $"{term.Context.StorageRoot}/{term.Component.Name}/{EntryKeys.OriginPrefix}";

    public StateKey MarkerOf(string id) => StateKey.TryCreate(MarkerPrefix + id) ?? throw new StateHandleCorruptException(term.Context.Requests.Key, EntryKeys.OriginKey, $"\"{id}\" is no id");

    public Task<StoredState> WriteAsync(StateKey key, Stream content, CancellationToken cancellationToken) =>
        storage.WriteAsync(key, content, progress: null, cancellationToken);

    public Task DeleteAsync(StateKey key, CancellationToken cancellationToken) => storage.DeleteAsync(key, cancellationToken);

    /// <summary>Deletes data that no pointer names or ever will; what can't be deleted is left to the sweep.</summary>
    public async Task DiscardAsync(IEnumerable<StateKey> keys)
    {
        foreach (var key in keys.ToList())
        {
            using var limit = new CancellationTokenSource(DiscardLimit, term.Context.TimeProvider);
            try
            {
                await LockRequests.Observed(storage.DeleteAsync(key, limit.Token)).WaitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                Log.DataLeftBehind(term.Context.Logger, storage.Location, key.Value, exception);
                term.Context.Metrics.DataLeftBehind(term.Context.MetricTag);
            }
        }
    }
}
