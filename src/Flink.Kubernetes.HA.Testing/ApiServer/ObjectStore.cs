using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>The objects, their one growing revision and the history of changes; callers hold the lock.</summary>
internal sealed class ObjectStore(int historyLimit)
{
    private const long HistoryBytesLimit = 64L * 1024 * 1024;

    private static readonly Comparer<ObjectKey> s_keyOrder = Comparer<ObjectKey>.Create((x, y) =>
        string.CompareOrdinal(x.Namespace, y.Namespace) is var order and not 0 ? order : string.CompareOrdinal(x.Name, y.Name));

    private readonly Dictionary<ApiResource, SortedDictionary<ObjectKey, StoredObject>> _objects =
        ApiResource.All.ToDictionary(r => r, _ => new SortedDictionary<ObjectKey, StoredObject>(s_keyOrder));

    private readonly Queue<StoreEvent> _history = new();
    private long _historyBytes;

    public long Revision { get; private set; } = 1;

    /// <summary>The oldest revision from which the history is complete.</summary>
    public long CompactedRevision { get; private set; } = 1;

    public StoredObject? Find(ApiResource resource, ObjectKey key) => _objects[resource].GetValueOrDefault(key);

    public StoreEvent Put(ApiResource resource, JsonObject json, StoredObject? before)
    {
        var after = StoredObject.Create(json, ++Revision);
        _objects[resource][after.Key] = after;
        return Remember(new StoreEvent(Revision, resource, before, after));
    }

    public StoreEvent Remove(ApiResource resource, StoredObject item)
    {
        _objects[resource].Remove(item.Key);
        return Remember(new StoreEvent(++Revision, resource, item, After: null));
    }

    /// <summary>The objects as they were at a revision that is not compacted, in the order of their keys.</summary>
    public IEnumerable<StoredObject> At(ApiResource resource, long revision)
    {
        if (revision >= Revision)
        {
            return _objects[resource].Values;
        }

        var objects = new SortedDictionary<ObjectKey, StoredObject>(_objects[resource], s_keyOrder);
        foreach (var change in _history.Reverse().TakeWhile(e => e.Revision > revision).Where(e => e.Resource == resource))
        {
            if (change.Before is { } before)
            {
                objects[before.Key] = before;
            }
            else
            {
                objects.Remove(change.After!.Key);
            }
        }

        return objects.Values;
    }

    public IEnumerable<StoreEvent> Since(ApiResource resource, long revision) =>
        _history.Where(e => e.Revision > revision && e.Resource == resource);

    public static bool IsAfter(ObjectKey key, ObjectKey other) => s_keyOrder.Compare(key, other) > 0;

    public void Compact()
    {
        _history.Clear();
        _historyBytes = 0;
        CompactedRevision = Revision;
    }

    private StoreEvent Remember(StoreEvent change)
    {
        _history.Enqueue(change);
        _historyBytes += change.Size;
        while (_history.Count > historyLimit || (_historyBytes > HistoryBytesLimit && _history.Count > 1))
        {
            var forgotten = _history.Dequeue();
            _historyBytes -= forgotten.Size;
            CompactedRevision = forgotten.Revision;
        }

        return change;
    }
}
