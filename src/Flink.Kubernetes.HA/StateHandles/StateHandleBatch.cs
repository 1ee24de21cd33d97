using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Changes;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Several changes to one ConfigMap that take effect together or not at all, in one request.</summary>
/// <remarks>
/// For example: add a checkpoint, remove the one that it subsumes, and advance the counter. Data is written before that request, and what is
/// removed or replaced is deleted after it. A batch is committed once and is not safe for concurrent use.
/// </remarks>
public sealed class StateHandleBatch
{
    /// <summary>The most changes that a batch may have: 1,000.</summary>
    public const int MostChanges = 1000;

    private readonly StateHandleStore _store;
    private readonly List<EntryChange> _changes = [];
    private bool _committed;

    internal StateHandleBatch(StateHandleStore store) => _store = store;

    /// <summary>Adds an entry to the store that the batch was made by; there must be none under the name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="content">The data, from where the stream stands to its end; read on commit, not disposed.</param>
    public StateHandleBatch Add(string name, Stream content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return Append(new AddChange(_store.KeyOf(name), _store.Prefix, content));
    }

    /// <summary>Replaces an entry, if it is still the one that was read; it may be of any store in the same ConfigMap.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    /// <param name="content">The data, from where the stream stands to its end; read on commit, not disposed.</param>
    public StateHandleBatch Replace(StateHandle expected, Stream content)
    {
        ArgumentNullException.ThrowIfNull(content);
        return Append(new ReplaceChange(_store.Check(expected), isConditional: true, content));
    }

    /// <summary>Removes an entry, if it is still the one that was read or is gone already; it may be of any store in the same ConfigMap.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    public StateHandleBatch Remove(StateHandle expected) => Append(new RemoveChange(_store.Check(expected), isConditional: true));

    /// <summary>Sets a plain value of the ConfigMap, such as a counter, if it is still the expected one.</summary>
    /// <param name="key">The whole key, outside of every store's prefix.</param>
    /// <param name="expected">The present value, or <see langword="null"/> where there must be none.</param>
    /// <param name="value">The new value, or <see langword="null"/> to remove it.</param>
    public StateHandleBatch SetValue(string key, string? expected, string? value) =>
        Append(new ValueChange(EntryKeys.Check(key, nameof(key)), expected, value));

    /// <summary>Writes the data, makes all changes in one request, and deletes the data of what was removed or replaced.</summary>
    /// <param name="cancellationToken">
    /// Gives up. The changes may have been made all the same, or may come to be made until the next write of the term; nothing that they rely on is deleted.
    /// </param>
    /// <returns>The new entries, in the order of <see cref="Add"/> and <see cref="Replace"/>.</returns>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateHandleExistsException">An entry to add exists; nothing was written.</exception>
    /// <exception cref="StateHandleNotFoundException">An entry to replace is not there; nothing was written.</exception>
    /// <exception cref="StateHandleChangedException">An entry or value is not the expected one; nothing was written.</exception>
    /// <exception cref="StateHandleCorruptException">An entry that stands under one of the keys can't be read; nothing was written.</exception>
    /// <exception cref="ConfigMapFullException">The ConfigMap would become too large; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the changes were made.</exception>
    /// <exception cref="StateStorageException">
    /// Data could not be written, and nothing was; or data of removed entries could not be deleted: they stay marked, and removing them again goes on from there.
    /// </exception>
    /// <exception cref="KubeClientException">The API server refused the request; nothing was written.</exception>
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
            // The API server takes 10,000 operations and 3 MB in a patch.
            throw new InvalidOperationException($"The batch has {MostChanges} changes, and it can't have more: commit it and make another one.");
        }

        if (_changes.Any(other => other.Key == change.Key))
        {
            throw new ArgumentException($"The batch changes \"{change.Key}\" already: a batch changes a key once.");
        }

        _changes.Add(change);
        return this;
    }

    private void ThrowIfCommitted()
    {
        if (_committed)
        {
            throw new InvalidOperationException("The batch was committed: make another one for what else is to change.");
        }
    }
}
