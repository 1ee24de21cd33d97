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
    private readonly string _folder;

    private StateHandleStore(LeadershipTerm term, IStateStorage storage, string prefix, string stateId)
    {
        _writer = TermWriter.Of(term);
        _folder = $"{_writer.Reader.Folder}/{stateId}";
        Discards = new Discards(storage, term);
        Term = term;
        Reader = new StateHandleReader(_writer.Reader, storage, prefix);
    }

    /// <summary>The term from which the store was opened.</summary>
    public LeadershipTerm Term { get; }

    /// <summary>The reader of the entries.</summary>
    public StateHandleReader Reader { get; }

    /// <summary>The prefix of the store's keys.</summary>
    public string Prefix => Reader.Prefix;

    /// <summary>Deletes data that nothing points to any more.</summary>
    internal Discards Discards { get; }

    /// <summary>Opens a store in the ConfigMap of a term, and verifies that the ConfigMap and the data in the storage belong together.</summary>
    /// <remarks>Costs one read of the ConfigMap; the first time also a list of the storage and a write of the key <c>stateId</c>.</remarks>
    /// <param name="term">The term of leadership; the store can write as long as it lasts.</param>
    /// <param name="storage">The storage of the data.</param>
    /// <param name="prefix">The prefix of the keys, such as <c>jobGraph-</c>; no store's prefix may begin with another's.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="ArgumentException">The prefix is not valid in the key of a ConfigMap.</exception>
    /// <exception cref="StateLostException">The ConfigMap was deleted and re-created, and the storage still contains data.</exception>
    /// <exception cref="StateHandleException">The ConfigMap is a copy: it has pointers to data of another one.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateStorageException">The storage could not be read.</exception>
    internal static async Task<StateHandleStore> OpenAsync(
        LeadershipTerm term, IStateStorage storage, string prefix, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(term);
        ArgumentNullException.ThrowIfNull(storage);
        EntryKeys.CheckPrefix(prefix);
        var stateId = await new StateIdentity(TermWriter.Of(term), storage).EstablishAsync(cancellationToken).ConfigureAwait(false);
        return new StateHandleStore(term, storage, prefix, stateId);
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
        var stored = (await _writer.ReadAsync(cancellationToken).ConfigureAwait(false)).Find(Prefix, key)
            ?? throw StateHandleException.NotFound(Reader.Key, key);
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

    /// <summary>Removes an entry, whatever it points to and even if it cannot be read, and then deletes its data.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">A token to cancel the wait; see <see cref="StateHandleBatch.CommitAsync"/>, also for further
    /// exceptions.</param>
    /// <returns>Whether there was an entry. Data that could not be deleted is left to the sweep.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was removed.</exception>
    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default)
    {
        var key = KeyOf(name);

        // Written even if there is none: only the API server's answer to a fenced request proves that this term is still the leader.
        var change = new RemoveChange(key, await _writer.ReadAsync(cancellationToken).ConfigureAwait(false));
        await CommitAsync([change], cancellationToken).ConfigureAwait(false);
        return change.Found;
    }

    /// <summary>Removes an entry if it is still the one that was read, and then deletes its data.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    /// <param name="cancellationToken">A token to cancel the wait; see <see cref="StateHandleBatch.CommitAsync"/>, also for further
    /// exceptions.</param>
    /// <returns>Whether there was an entry. Data that could not be deleted is left to the sweep.</returns>
    /// <exception cref="StateHandleException">Another entry is stored; nothing was removed.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was removed.</exception>
    public async Task<bool> RemoveAsync(StateHandle expected, CancellationToken cancellationToken = default)
    {
        var change = new RemoveChange(Check(expected));
        await CommitAsync([change], cancellationToken).ConfigureAwait(false);
        return change.Found;
    }

    /// <summary>Removes all entries of the store, including those that cannot be read, and then deletes their data.</summary>
    /// <param name="cancellationToken">A token to cancel the operation; calling this again removes the rest.</param>
    /// <returns>The number of entries that were removed. Data that could not be deleted is left to the sweep.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    public async Task<int> ClearAsync(CancellationToken cancellationToken = default)
    {
        var content = await _writer.ReadAsync(cancellationToken).ConfigureAwait(false);
        var keys = content.Data.Keys.Where(key => key.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        List<RemoveChange> removals = [.. keys.Select(key => new RemoveChange(key, content))];
        foreach (var part in removals.Chunk(StateHandleBatch.MostChanges))
        {
            await CommitAsync(part, cancellationToken).ConfigureAwait(false);
        }

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

    /// <summary>Makes changes: stores the new data, then all pointers in one request, and then deletes the data that is no longer needed.</summary>
    /// <remarks>In this order a crash at any point leaves at most data without a pointer, which a sweep removes, and never a pointer
    /// without data.</remarks>
    /// <param name="changes">The changes.</param>
    /// <param name="cancellationToken">A token to cancel the wait.</param>
    internal async Task CommitAsync(IReadOnlyList<EntryChange> changes, CancellationToken cancellationToken)
    {
        if (await WriteAsync(changes, cancellationToken).ConfigureAwait(false) is { } written)
        {
            await written.DiscardOldDataAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Makes changes, and leaves it to the caller when to delete the data that is no longer needed.</summary>
    /// <returns>What was written; <see langword="null"/> if there were no changes.</returns>
    internal async Task<ChangeSet?> WriteAsync(IReadOnlyList<EntryChange> changes, CancellationToken cancellationToken)
    {
        Term.ThrowIfLost();
        cancellationToken.ThrowIfCancellationRequested();
        if (changes.Count == 0)
        {
            return null;
        }

        var set = new ChangeSet(changes, Discards);
        try
        {
            // 1. New data, under keys that nothing has ever used: until step 2 nothing refers to it.
            foreach (var change in changes.OfType<ContentChange>())
            {
                await StoreAsync(change, cancellationToken).ConfigureAwait(false);
            }

            // 2. All pointers in one fenced request.
            await _writer.CommitAsync(set, cancellationToken).ConfigureAwait(false);
            return set;
        }
        catch when (!set.MayBeStored)
        {
            // The pointers were certainly not written and never will be. In every other case the new data is kept: a write whose
            // response was lost, or whose caller has canceled, may still point to it.
            await set.DiscardNewDataAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stores the data of a change; stops when leadership is lost, because nothing would point to the rest of the data.</summary>
    private async Task StoreAsync(ContentChange change, CancellationToken cancellationToken)
    {
        // A unique key, so that a late or repeated write or delete never affects other data.
        var key = new StateKey($"{_folder}/{change.Key}-{Guid.NewGuid():N}");
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(Term.Lost, cancellationToken);
        try
        {
            await change.StoreAsync(key, Reader.Storage, linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Term.ThrowIfLost();
            throw;
        }
    }
}
