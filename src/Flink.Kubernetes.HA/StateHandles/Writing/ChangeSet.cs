using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>Changes that are made in one request, and what is known about whether they took effect.</summary>
internal sealed class ChangeSet(IReadOnlyList<EntryChange> changes)
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

    public long Growth => changes.Sum(change => change.Growth);

    /// <summary>New data that is not needed if the changes are not made.</summary>
    public IEnumerable<StateKey> NewData => changes.OfType<ContentChange>().Select(change => change.NewData).OfType<StateKey>();

    /// <summary>Old data that is no longer needed once the changes are made.</summary>
    public IEnumerable<StateKey> OldData => changes.OfType<ReplaceChange>().Select(change => change.OldData);

    public List<PatchOperation> ToOperations() =>
        [.. changes.SelectMany(change => change.ToOperations()), .. _mark is null ? [] : new[] { PatchOperation.Add(MarkPath, _mark) }];

    public async Task AdaptAsync(ConfigMapContent content, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken)
    {
        foreach (var change in changes)
        {
            await change.AdaptAsync(content.Data.GetValueOrDefault(change.Key), configMap, contents, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether the content proves that the changes were made, whoever is the leader now.</summary>
    public bool IsProvenBy(ConfigMapContent content) =>
        (_mark is not null && content.LastWrite == _mark) || changes.Any(change => change.IsProvenBy(content.Data.GetValueOrDefault(change.Key)));

    /// <summary>Whether the content equals the result of the changes. That proves that they were made if only this term can have written.</summary>
    public bool IsStoredIn(ConfigMapContent content) =>
        _mark is null && changes.All(change => content.Data.GetValueOrDefault(change.Key) == change.Next);
}
