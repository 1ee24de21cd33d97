using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Several changes to one ConfigMap that take effect together or not at all, in one request.</summary>
/// <remarks>
/// For example: add a checkpoint, remove the one that it subsumes, and advance the counter. New data is written before that request, and the
/// data of what is removed or replaced is deleted after it. A batch can be committed once and is not thread-safe.
/// </remarks>
public sealed class StateHandleBatch
{
    /// <summary>The maximum number of changes in a batch: 1,000.</summary>
    public const int MostChanges = 1000;

    private readonly StateHandleStore _store;
    private readonly List<EntryChange> _changes = [];
    private bool _committed;

    internal StateHandleBatch(StateHandleStore store) => _store = store;

    /// <summary>Adds an entry to the store that created the batch; there must be none with the name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="content">The data, from the current position of the stream to its end; read on commit, not disposed.</param>
    public StateHandleBatch Add(string name, Stream content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return Append(new AddChange(_store.KeyOf(name), _store.Prefix, content));
    }

    /// <summary>Replaces an entry if it is still the one that was read; it can belong to any store in the same ConfigMap.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    /// <param name="content">The data, from the current position of the stream to its end; read on commit, not disposed.</param>
    public StateHandleBatch Replace(StateHandle expected, Stream content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return Append(new ReplaceChange(_store.Check(expected), isConditional: true, content));
    }

    /// <summary>Removes an entry if it is still the one that was read or is already gone; it can belong to any store in the same ConfigMap.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    public StateHandleBatch Remove(StateHandle expected) => Append(new RemoveChange(_store.Check(expected)));

    /// <summary>Sets a plain value of the ConfigMap, such as a counter, if the expected value is stored.</summary>
    /// <param name="key">The full key, outside of every store's prefix.</param>
    /// <param name="expected">The expected current value, or <see langword="null"/> if there must be none.</param>
    /// <param name="value">The new value, or <see langword="null"/> to remove it.</param>
    public StateHandleBatch SetValue(string key, string? expected, string? value) =>
        Append(new ValueChange(EntryKeys.Check(key, nameof(key)), expected, value));

    /// <summary>Writes the data, makes all changes in one request, and deletes the data of what was removed or replaced.</summary>
    /// <param name="cancellationToken">
    /// A token to cancel the wait. The changes may already have been applied, or may still be applied until this term's next write; data to
    /// which they refer is kept.
    /// </param>
    /// <returns>The new entries, in the order of <see cref="Add"/> and <see cref="Replace"/>.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateHandleException">An entry to add exists; nothing was written.</exception>
    /// <exception cref="StateHandleException">An entry to replace does not exist; nothing was written.</exception>
    /// <exception cref="StateHandleException">An entry or value is not the expected one; nothing was written.</exception>
    /// <exception cref="StateHandleException">An entry that is stored under one of the keys cannot be read; nothing was written.</exception>
    /// <exception cref="ConfigMapFullException">The ConfigMap would become too large; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the changes were made.</exception>
    /// <exception cref="StateStorageException">The data could not be stored; no change was made.</exception>
    /// <exception cref="KubernetesHaException">The API server refused the request, or failed for it repeatedly; nothing was written.</exception>
    public async Task<IReadOnlyList<StateHandle>> CommitAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfCommitted();
        _committed = true;
        await _store.CommitAsync(_changes, cancellationToken).ConfigureAwait(false);
        return [.. _changes.OfType<ContentChange>().Select(change => change.ToHandle(_store))];
    }

    private StateHandleBatch Append(EntryChange change)
    {
        ThrowIfCommitted();
        if (_changes.Count == MostChanges)
        {
            // The API server accepts 10,000 operations and 3 MB in a patch.
            throw new InvalidOperationException($"The batch has {MostChanges} changes, which is the maximum: commit it and create another one.");
        }

        if (_changes.Any(other => other.Key == change.Key))
        {
            throw new ArgumentException($"The batch already changes \"{change.Key}\": a batch can change a key once.");
        }

        _changes.Add(change);
        return this;
    }

    private void ThrowIfCommitted()
    {
        if (_committed)
        {
            throw new InvalidOperationException("The batch was committed: create another one for further changes.");
        }
    }
}
