using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>The data behind the pointers of a term.</summary>
internal sealed class StoredContents(IStateStorage storage, LeadershipTerm term)
{
    /// <summary>The time limit of deleting data that is no longer needed, which must not delay the caller for long.</summary>
    private static readonly TimeSpan DiscardLimit = TimeSpan.FromSeconds(30);

    /// <summary>Creates a unique key, so that a late or repeated write or delete never affects other data.</summary>
    public StateKey NewKey(string key) => new($"{term.StorageRoot}/{term.Component.Name}/{key}-{Guid.NewGuid():N}");

    /// <summary>The prefix of the markers of the ConfigMaps to which the data belongs; see <see cref="StateOrigin"/>.</summary>
    public string MarkerPrefix => $"{term.StorageRoot}/{term.Component.Name}/{EntryKeys.OriginPrefix}";

    public StateKey MarkerOf(string id) =>
        StateKey.TryCreate(MarkerPrefix + id) ?? throw StateHandleException.Corrupt(term.ConfigMap, EntryKeys.OriginKey, $"\"{id}\" is not an ID");

    public Task<StoredState> WriteAsync(StateKey key, Stream content, CancellationToken cancellationToken) =>
        storage.WriteAsync(key, content, progress: null, cancellationToken);

    public Task DeleteAsync(StateKey key, CancellationToken cancellationToken) => storage.DeleteAsync(key, cancellationToken);

    /// <summary>Deletes data to which no pointer refers or ever will; what cannot be deleted is left to the sweep.</summary>
    public async Task DiscardAsync(IEnumerable<StateKey> keys)
    {
        foreach (var key in keys.ToList())
        {
            using var limit = new CancellationTokenSource(DiscardLimit, term.TimeProvider);
            try
            {
                await storage.DeleteAsync(key, limit.Token).Observed().WaitAsync(limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                Log.DataLeftBehind(term.Logger, storage.Location, key.Value, exception);
                term.Metrics.DataLeftBehind(term.MetricTag);
            }
        }
    }
}
