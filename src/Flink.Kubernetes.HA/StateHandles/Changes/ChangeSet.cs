using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles.Changes;

/// <summary>Changes that are made in one request, and what is known of whether they were.</summary>
internal sealed class ChangeSet(IReadOnlyList<EntryChange> changes)
{
    private static readonly string MarkPath = JsonPatchOperation.Path("metadata", "annotations", HaNames.LastWriteAnnotation);

    /// <summary>Two who count on from the same number write the same text, so of plain values the text proves nothing. New data is named by a key of its own.</summary>
    private readonly string? _mark = changes.Any(change => change is ValueChange) && !changes.Any(change => change is ContentChange) ? Guid.NewGuid().ToString("N") : null;

    /// <summary>Whether the changes have been made, or may be made yet: then none of their data may be deleted.</summary>
    public bool MayStand { get; set; }

    public IReadOnlyList<EntryChange> Changes => changes;

    /// <summary>The keys, for messages.</summary>
    public string Keys => changes.Count <= 3
        ? string.Join(", ", changes.Select(change => $"\"{change.Key}\""))
        : $"\"{changes[0].Key}\" and {changes.Count - 1} others";

    public long Growth => changes.Sum(change => change.Growth);

    /// <summary>New data that is of no use if the changes are not made.</summary>
    public IEnumerable<StateKey> NewData => changes.OfType<ContentChange>().Select(change => change.NewData).OfType<StateKey>();

    /// <summary>Old data that is of no use once they are made.</summary>
    public IEnumerable<StateKey> OldData => changes.OfType<ReplaceChange>().Select(change => change.OldData);

    public List<JsonPatchOperation> ToOperations() =>
        [.. changes.SelectMany(change => change.ToOperations()), .. _mark is null ? [] : new[] { JsonPatchOperation.Add(MarkPath, _mark) }];

    public async Task AdaptAsync(ConfigMapContent content, ObjectKey configMap, StoredContents contents, CancellationToken cancellationToken)
    {
        foreach (var change in changes)
        {
            await change.AdaptAsync(content.Data.GetValueOrDefault(change.Key), configMap, contents, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether what stands shows beyond doubt that the changes were made, whoever leads now.</summary>
    public bool HasLeftItsMarkOn(ConfigMapContent content) =>
        (_mark is not null && content.LastWrite == _mark) || changes.Any(change => change.HasLeftItsMarkOn(content.Data.GetValueOrDefault(change.Key)));

    /// <summary>Whether what stands is what stands after the changes; in the term's own hand that shows that they were made.</summary>
    public bool IsInForce(ConfigMapContent content) => _mark is null && changes.All(change => content.Data.GetValueOrDefault(change.Key) == change.Next);
}
