using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>The objects, their one growing revision and the history of changes; callers hold the lock.</summary>
internal sealed class ObjectStore(int historyLimit)
{
    private const long HistoryBytesLimit = 64L * 1024 * 1024;

    private static readonly Comparer<NamespacedName> KeyOrder = Comparer<NamespacedName>.Create((x, y) =>
        string.CompareOrdinal(x.Namespace, y.Namespace) is var order and not 0 ? order : string.CompareOrdinal(x.Name, y.Name));

    private readonly Dictionary<ApiResource, SortedDictionary<NamespacedName, StoredObject>> _objects =
        ApiResource.All.ToDictionary(r => r, _ => new SortedDictionary<NamespacedName, StoredObject>(KeyOrder));

    private readonly Queue<StoreEvent> _history = new();
    private long _historyBytes;

    public long Revision { get; private set; } = 1;

    /// <summary>The oldest revision from which the history is complete.</summary>
    public long CompactedRevision { get; private set; } = 1;

    public StoredObject? Find(ApiResource resource, NamespacedName key) => _objects[resource].GetValueOrDefault(key);

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

        var objects = new SortedDictionary<NamespacedName, StoredObject>(_objects[resource], KeyOrder);
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

    public static bool IsAfter(NamespacedName key, NamespacedName other) => KeyOrder.Compare(key, other) > 0;

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

/// <summary>One change of the store.</summary>
/// <param name="Revision">Its place in the order of all changes.</param>
/// <param name="Resource">The kind of the object.</param>
/// <param name="Before">The object before, or <see langword="null"/> when it was created.</param>
/// <param name="After">The object after, or <see langword="null"/> when it was deleted.</param>
internal sealed record StoreEvent(long Revision, ApiResource Resource, StoredObject? Before, StoredObject? After)
{
    public long Size => (Before?.Json.Length ?? 0) + (After?.Json.Length ?? 0);
}
