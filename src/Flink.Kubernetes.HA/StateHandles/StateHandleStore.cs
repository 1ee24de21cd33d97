using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Stores data in a storage, and pointers to it in the leader's own ConfigMap, where only the leader can change them (Flink's
/// <c>StateHandleStore</c>).</summary>
/// <remarks>
/// <para>
/// The API server atomically refuses a write of a former leader (guarantee P1 in docs/guarantees.md). Data is written before its pointer, and
/// an acknowledged entry is not lost (P5). A write takes one request, without a read before it.
/// </para>
/// <para>
/// A write whose response was lost is read back, and renewing the lock makes sure that it cannot take effect later. So a write either took
/// effect, did not, or throws a <see cref="StateOutcomeUnknownException"/>. Temporary failures are retried until the term ends.
/// All members are thread-safe; the writes of all stores of a term are made one after another.
/// </para>
/// </remarks>
public sealed class StateHandleStore
{
    private readonly TermWriter _writer;
    private readonly StoredContents _contents;

    private StateHandleStore(LeadershipTerm term, IStateStorage storage, string prefix)
    {
        _writer = TermWriter.Of(term);
        _contents = new StoredContents(storage, term);
        Term = term;
        Reader = new StateHandleReader(_writer.Reader, storage, prefix);
    }

    /// <summary>The term from which the store was opened.</summary>
    public LeadershipTerm Term { get; }

    /// <summary>The reader of the entries.</summary>
    public StateHandleReader Reader { get; }

    /// <summary>The prefix of the store's keys.</summary>
    public string Prefix => Reader.Prefix;

    /// <summary>Opens a store in the ConfigMap of a term, and verifies that the data in the storage belongs to that ConfigMap. Required
    /// before recovery.</summary>
    /// <remarks>Costs one read of the ConfigMap and one list of the storage; the first time also a write of the key <c>stateId</c> and of
    /// a marker.</remarks>
    /// <param name="term">The term of leadership; the store can write as long as it lasts.</param>
    /// <param name="storage">The storage of the data.</param>
    /// <param name="prefix">The prefix of the keys, such as <c>jobGraph-</c>; no store's prefix may begin with another's.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="ArgumentException">The prefix is not valid in the key of a ConfigMap.</exception>
    /// <exception cref="StateLostException">The ConfigMap was deleted and re-created, and the storage still contains data.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateStorageException">The storage could not be read or written.</exception>
    internal static async Task<StateHandleStore> OpenAsync(
        LeadershipTerm term, IStateStorage storage, string prefix, CancellationToken cancellationToken = default)
    {
        var store = Open(term, storage, prefix);
        await new StateOrigin(store._writer, store._contents, storage).VerifyAsync(cancellationToken).ConfigureAwait(false);
        return store;
    }

    /// <summary>Opens a store in the ConfigMap of a term without verification and without a request. For recovery, use
    /// <see cref="OpenAsync"/>.</summary>
    /// <param name="term">The term of leadership; the store can write as long as it lasts.</param>
    /// <param name="storage">The storage of the data.</param>
    /// <param name="prefix">The prefix of the keys, such as <c>jobGraph-</c>; no store's prefix may begin with another's.</param>
    /// <exception cref="ArgumentException">The prefix is not valid in the key of a ConfigMap.</exception>
    internal static StateHandleStore Open(LeadershipTerm term, IStateStorage storage, string prefix)
    {
        ArgumentNullException.ThrowIfNull(term);
        ArgumentNullException.ThrowIfNull(storage);
        return new StateHandleStore(term, storage, prefix);
    }

    /// <summary>Creates a batch of changes that take effect together; see <see cref="StateHandleBatch"/>.</summary>
    public StateHandleBatch CreateBatch() => new(this);

    /// <summary>Adds an entry.</summary>
    /// <param name="name">The name.</param>
    /// <param name="content">The data, from the current position of the stream to its end; the stream is not disposed.</param>
    /// <param name="cancellationToken">A token to cancel the wait; see <see cref="StateHandleBatch.CommitAsync"/>, also for further
    /// exceptions.</param>
    /// <exception cref="StateHandleException">The entry already exists; it was not changed.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was added.</exception>
    public async Task<StateHandle> AddAsync(string name, Stream content, CancellationToken cancellationToken = default) =>
        (await CreateBatch().Add(name, content).CommitAsync(cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Adds an entry of bytes; see <see cref="AddAsync(string, Stream, CancellationToken)"/>.</summary>
    /// <exception cref="StateHandleException">The entry already exists; it was not changed.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was added.</exception>
    public async Task<StateHandle> AddAsync(string name, byte[] content, CancellationToken cancellationToken = default)
    {
        using var stream = new MemoryStream(content, writable: false);
        return await AddAsync(name, stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds a value; see <see cref="AddAsync(string, Stream, CancellationToken)"/>.</summary>
    /// <exception cref="StateHandleException">The entry already exists; it was not changed.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was added.</exception>
    public async Task<StateHandle> AddAsync<T>(string name, T value, IStateSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        using var stream = await serializer.ToStreamAsync(value, cancellationToken).ConfigureAwait(false);
        return await AddAsync(name, stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds an entry if there is none with the name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="content">The data, from the current position of the stream to its end; the stream is not disposed.</param>
    /// <param name="cancellationToken">A token to cancel the wait; see <see cref="StateHandleBatch.CommitAsync"/>, also for further
    /// exceptions.</param>
    /// <returns>The new entry, or <see langword="null"/> if there already is one.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was added.</exception>
    public async Task<StateHandle?> TryAddAsync(string name, Stream content, CancellationToken cancellationToken = default)
    {
        try
        {
            return await AddAsync(name, content, cancellationToken).ConfigureAwait(false);
        }
        catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.AlreadyExists)
        {
            return null;
        }
    }

    /// <summary>Replaces an entry whatever it points to; costs one more read than a replacement by handle.</summary>
    /// <param name="name">The name.</param>
    /// <param name="content">The data, from the current position of the stream to its end; the stream is not disposed.</param>
    /// <param name="cancellationToken">A token to cancel the wait; see <see cref="StateHandleBatch.CommitAsync"/>, also for further
    /// exceptions.</param>
    /// <exception cref="StateHandleException">The entry does not exist; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was replaced.</exception>
    public async Task<StateHandle> ReplaceAsync(string name, Stream content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        var key = KeyOf(name);
        var stored = await FindAsync(key, cancellationToken).ConfigureAwait(false);
        if (stored is not { IsBeingRemoved: false })
        {
            throw StateHandleException.NotFound(Reader.Key, key, stored is not null);
        }

        var change = new ReplaceChange(stored, isConditional: false, content);
        await CommitAsync([change], cancellationToken).ConfigureAwait(false);
        return change.ToHandle(this);
    }

    /// <summary>Replaces an entry if it is still the one that was read.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    /// <param name="content">The data, from the current position of the stream to its end; the stream is not disposed.</param>
    /// <param name="cancellationToken">A token to cancel the wait; see <see cref="StateHandleBatch.CommitAsync"/>, also for further
    /// exceptions.</param>
    /// <exception cref="StateHandleException">The entry does not exist; nothing was written.</exception>
    /// <exception cref="StateHandleException">Another entry is stored; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was replaced.</exception>
    public async Task<StateHandle> ReplaceAsync(StateHandle expected, Stream content, CancellationToken cancellationToken = default) =>
        (await CreateBatch().Replace(expected, content).CommitAsync(cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Replaces an entry by bytes if it is still the one that was read.</summary>
    /// <exception cref="StateHandleException">The entry does not exist; nothing was written.</exception>
    /// <exception cref="StateHandleException">Another entry is stored; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was replaced.</exception>
    public async Task<StateHandle> ReplaceAsync(StateHandle expected, byte[] content, CancellationToken cancellationToken = default)
    {
        using var stream = new MemoryStream(content, writable: false);
        return await ReplaceAsync(expected, stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Replaces an entry by a value if it is still the one that was read.</summary>
    /// <exception cref="StateHandleException">The entry does not exist; nothing was written.</exception>
    /// <exception cref="StateHandleException">Another entry is stored; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was replaced.</exception>
    public async Task<StateHandle> ReplaceAsync<T>(
        StateHandle expected, T value, IStateSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        using var stream = await serializer.ToStreamAsync(value, cancellationToken).ConfigureAwait(false);
        return await ReplaceAsync(expected, stream, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Replaces an entry if it is still the one that was read.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    /// <param name="content">The data, from the current position of the stream to its end; the stream is not disposed.</param>
    /// <param name="cancellationToken">A token to cancel the wait; see <see cref="StateHandleBatch.CommitAsync"/>, also for further
    /// exceptions.</param>
    /// <returns>The new entry, or <see langword="null"/> if the expected one is no longer stored.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was replaced.</exception>
    public async Task<StateHandle?> TryReplaceAsync(StateHandle expected, Stream content, CancellationToken cancellationToken = default)
    {
        try
        {
            return await ReplaceAsync(expected, content, cancellationToken).ConfigureAwait(false);
        }
        catch (StateHandleException exception) when (exception.Failure is StateHandleFailure.NotFound or StateHandleFailure.Changed)
        {
            return null;
        }
    }

    /// <summary>Removes an entry and its data, whatever it points to: marks the entry, deletes the data, removes the key. Calling this
    /// again resumes where it stopped.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">A token to cancel the wait; see <see cref="StateHandleBatch.CommitAsync"/>, also for further
    /// exceptions.</param>
    /// <returns>Whether there was an entry, including one that was already marked.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was removed.</exception>
    /// <exception cref="StateStorageException">The data could not be deleted; the entry remains marked and is treated as absent.</exception>
    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default)
    {
        var key = KeyOf(name);
        var stored = await FindAsync(key, cancellationToken).ConfigureAwait(false);

        // Written even if none was found: only the API server's answer to a fenced request proves that this term is still the leader.
        var change = new RemoveChange(_writer.ConfigMap, key, stored, isConditional: false);
        (await CommitAsync([change], cancellationToken).ConfigureAwait(false)).ThrowIfUnfinished();
        return change.Found;
    }

    /// <summary>Removes an entry and its data if it is still the one that was read. Calling this again resumes where it stopped.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    /// <param name="cancellationToken">A token to cancel the wait; see <see cref="StateHandleBatch.CommitAsync"/>, also for further
    /// exceptions.</param>
    /// <returns>Whether there was an entry, including one that was already marked.</returns>
    /// <exception cref="StateHandleException">Another entry is stored; nothing was removed.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was removed.</exception>
    /// <exception cref="StateStorageException">The data could not be deleted; the entry remains marked and is treated as absent.</exception>
    public async Task<bool> RemoveAsync(StateHandle expected, CancellationToken cancellationToken = default)
    {
        var change = new RemoveChange(Check(expected), isConditional: true);
        (await CommitAsync([change], cancellationToken).ConfigureAwait(false)).ThrowIfUnfinished();
        return change.Found;
    }

    /// <summary>Removes all entries of the store and their data, including entries that are marked for removal.</summary>
    /// <param name="cancellationToken">A token to cancel the operation. Entries that were already marked are treated as absent; calling
    /// this again resumes.</param>
    /// <returns>The number of entries that were removed.</returns>
    /// <exception cref="StateHandleException">An entry cannot be read; nothing was removed.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateStorageException">Some data could not be deleted; those entries remain marked and are treated as absent, the
    /// others were removed.</exception>
    public async Task<int> ClearAsync(CancellationToken cancellationToken = default)
    {
        var content = await _writer.ReadAsync(cancellationToken).ConfigureAwait(false);
        var snapshot = new StateHandleSnapshot(Reader.Key, Prefix, content.Data);
        var removals = snapshot.Handles.Concat(snapshot.BeingRemoved).Select(handle => new RemoveChange(handle, isConditional: false)).ToList();
        List<Commit> commits = [];
        foreach (var part in removals.Chunk(StateHandleBatch.MostChanges))
        {
            commits.Add(await CommitAsync(part, cancellationToken).ConfigureAwait(false));
        }

        commits.ForEach(commit => commit.ThrowIfUnfinished());
        return removals.Count(removal => removal.Found);
    }

    internal string KeyOf(string name) => EntryKeys.Of(Prefix, name);

    internal StateHandle Check(StateHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return handle.ConfigMap == Reader.ConfigMap
            ? handle
            : throw new ArgumentException(
                $"The entry is stored in ConfigMap {handle.ConfigMap}, and this store is in {Reader.ConfigMap}.", nameof(handle));
    }

    internal async Task<Commit> CommitAsync(IReadOnlyList<EntryChange> changes, CancellationToken cancellationToken)
    {
        var commit = new Commit(_writer, _contents, changes);
        await commit.RunAsync(cancellationToken).ConfigureAwait(false);
        return commit;
    }

    private async Task<StateHandle?> FindAsync(string key, CancellationToken cancellationToken)
    {
        var content = await _writer.ReadAsync(cancellationToken).ConfigureAwait(false);
        return content.Data.TryGetValue(key, out var text) ? StateHandleSnapshot.Read(Reader.Key, Prefix, key, text) : null;
    }
}
