using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>Changes that are made in one request, and what is known about whether they took effect.</summary>
/// <param name="changes">The changes.</param>
/// <param name="discards">Deletes their data; <see langword="null"/> for plain values, which have none.</param>
internal sealed class ChangeSet(IReadOnlyList<EntryChange> changes, Discards? discards = null)
{
    private static readonly string MarkPath = PatchOperation.PathOf("metadata", "annotations", HaNames.LastWriteAnnotation);

    /// <summary>A unique mark for a write of plain values only.</summary>
    /// <remarks>
    /// Two writers that increment the same number produce identical text, so finding that text does not prove that *our* write took
    /// effect. A pointer to new data does, because its key is unique; such a write needs no mark.
    /// </remarks>
    private readonly string? _mark = changes.Any(change => change is ValueChange) && !changes.Any(change => change is ContentChange)
        ? Guid.NewGuid().ToString("N")
        : null;

    /// <summary>Whether the changes are stored or may still be stored: then none of their data may be deleted.</summary>
    public bool MayBeStored { get; set; }

    public IReadOnlyList<EntryChange> Changes => changes;

    /// <summary>The keys, for messages.</summary>
    public string Keys => changes.Count <= 3
        ? string.Join(", ", changes.Select(change => $"\"{change.Key}\""))
        : $"\"{changes[0].Key}\" and {changes.Count - 1} others";

    /// <summary>Whether the changes add data. Everything else is needed to get along in a full ConfigMap: results, counters, removals.</summary>
    public bool AddsData => changes.Any(change => change is AddChange);

    /// <summary>Deletes the new data, which is not needed if the changes are not made.</summary>
    public Task DiscardNewDataAsync() => DiscardAsync(changes.OfType<ContentChange>().Select(change => change.NewData));

    /// <summary>Deletes the old data, which is not needed once the changes are made.</summary>
    public Task DiscardOldDataAsync() => DiscardAsync(changes.Select(change => change.OldData));

    public List<PatchOperation> ToOperations() =>
        [.. changes.SelectMany(change => change.ToOperations()), .. _mark is null ? [] : new[] { PatchOperation.Add(MarkPath, _mark) }];

    public void Adapt(ConfigMapContent content)
    {
        foreach (var change in changes)
        {
            change.Adapt(content);
        }
    }

    /// <summary>Whether the content proves that the changes were made, whoever is the leader now.</summary>
    public bool IsProvenBy(ConfigMapContent content) =>
        (_mark is not null && content.LastWrite == _mark) || changes.Any(change => change.IsProvenBy(content.Data.GetValueOrDefault(change.Key)));

    /// <summary>Whether the content equals the result of the changes. That proves that they were made if only this term can have written.</summary>
    public bool IsStoredIn(ConfigMapContent content) =>
        _mark is null && changes.All(change => content.Data.GetValueOrDefault(change.Key) == change.Next);

    private Task DiscardAsync(IEnumerable<StateKey?> keys) => discards is null ? Task.CompletedTask : discards.RunAsync([.. keys.OfType<StateKey>()]);
}
