using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Changes;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Keeps data in a storage and pointers to it in the leader's own ConfigMap, where only the leader can change them (Flink's StateHandleStore).</summary>
/// <remarks>
/// <para>
/// The API server itself refuses a write when the term leads no more, in the same step in which it would take effect (promise P1).
/// Data is written first and its pointer second; an entry that was acknowledged stays (P5). Every write takes one request, without a read before it.
/// </para>
/// <para>
/// A write whose answer was lost is read back, and renewing the lock makes sure that it can't come late; so a write either has
/// taken effect, has not, or ends with <see cref="StateOutcomeUnknownException"/>. What hinders for a while is tried again as long as the term leads.
/// Safe for concurrent use; the writes of a term, of all its stores, follow one another.
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

    /// <summary>The term that the store was opened from.</summary>
    public LeadershipTerm Term { get; }

    /// <summary>Reads the entries.</summary>
    public StateHandleReader Reader { get; }

    /// <summary>How the keys of the store begin.</summary>
    public string Prefix => Reader.Prefix;

    /// <summary>Opens a store in the ConfigMap of a term and makes sure that it is the ConfigMap to which the data in the storage belongs: for all that is to recover.</summary>
    /// <remarks>One read of the ConfigMap and a list of the storage; the first time also a write to each, of a key <c>stateId</c> and a marker.</remarks>
    /// <param name="term">The term of leadership: as long as it lasts, the store can write.</param>
    /// <param name="storage">Holds the data.</param>
    /// <param name="prefix">How the keys begin, such as <c>jobGraph-</c>; no store's prefix should begin with another's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">No keys can begin like this.</exception>
    /// <exception cref="StateLostException">The ConfigMap was deleted and created anew, and the storage still holds data: nothing may start from scratch.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    /// <exception cref="StateStorageException">The storage could not be asked.</exception>
    public static async Task<StateHandleStore> OpenAsync(LeadershipTerm term, IStateStorage storage, string prefix, CancellationToken cancellationToken = default)
    {
        var store = Open(term, storage, prefix);
        await new StateOrigin(store._writer, store._contents, storage).VerifyAsync(cancellationToken).ConfigureAwait(false);
        return store;
    }

    /// <summary>Opens a store in the ConfigMap of a term without any check; that sends no request. To recover, use <see cref="OpenAsync"/>.</summary>
    /// <param name="term">The term of leadership: as long as it lasts, the store can write.</param>
    /// <param name="storage">Holds the data.</param>
    /// <param name="prefix">How the keys begin, such as <c>jobGraph-</c>; no store's prefix should begin with another's.</param>
    /// <exception cref="ArgumentException">No keys can begin like this.</exception>
    public static StateHandleStore Open(LeadershipTerm term, IStateStorage storage, string prefix)
    {
        ArgumentNullException.ThrowIfNull(term);
        ArgumentNullException.ThrowIfNull(storage);
        return new StateHandleStore(term, storage, prefix);
    }

    /// <summary>Begins several changes that are to take effect together; see <see cref="StateHandleBatch"/>.</summary>
    public StateHandleBatch CreateBatch() => new(this);

    /// <summary>Adds an entry.</summary>
    /// <param name="name">The name.</param>
    /// <param name="content">The data, from where the stream stands to its end; not disposed.</param>
    /// <param name="cancellationToken">Gives up; see <see cref="StateHandleBatch.CommitAsync"/>, which tells of all failures too.</param>
    /// <exception cref="StateHandleExistsException">There is one already; it stays as it is.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was added.</exception>
    public async Task<StateHandle> AddAsync(string name, Stream content, CancellationToken cancellationToken = default) =>
        (await CreateBatch().Add(name, content).CommitAsync(cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Adds an entry, if there is none under the name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="content">The data, from where the stream stands to its end; not disposed.</param>
    /// <param name="cancellationToken">Gives up; see <see cref="StateHandleBatch.CommitAsync"/>, which tells of all failures too.</param>
    /// <returns>The new entry, or <see langword="null"/> where there is one already.</returns>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was added.</exception>
    public async Task<StateHandle?> TryAddAsync(string name, Stream content, CancellationToken cancellationToken = default)
    {
        try
        {
            return await AddAsync(name, content, cancellationToken).ConfigureAwait(false);
        }
        catch (StateHandleExistsException)
        {
            return null;
        }
    }

    /// <summary>Replaces an entry, whichever it is; that costs one read more than with the handle.</summary>
    /// <param name="name">The name.</param>
    /// <param name="content">The data, from where the stream stands to its end; not disposed.</param>
    /// <param name="cancellationToken">Gives up; see <see cref="StateHandleBatch.CommitAsync"/>, which tells of all failures too.</param>
    /// <exception cref="StateHandleNotFoundException">There is none; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was replaced.</exception>
    public async Task<StateHandle> ReplaceAsync(string name, Stream content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        var key = KeyOf(name);
        var standing = await FindAsync(key, cancellationToken).ConfigureAwait(false);
        if (standing is not { IsBeingRemoved: false })
        {
            throw new StateHandleNotFoundException(Reader.ConfigMap, key, standing is not null);
        }

        var change = new ReplaceChange(standing, isConditional: false, content);
        await CommitAsync([change], cancellationToken).ConfigureAwait(false);
        return change.ToHandle(this);
    }

    /// <summary>Replaces an entry, if it is still the one that was read.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    /// <param name="content">The data, from where the stream stands to its end; not disposed.</param>
    /// <param name="cancellationToken">Gives up; see <see cref="StateHandleBatch.CommitAsync"/>, which tells of all failures too.</param>
    /// <exception cref="StateHandleNotFoundException">There is none; nothing was written.</exception>
    /// <exception cref="StateHandleChangedException">It is another one; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was replaced.</exception>
    public async Task<StateHandle> ReplaceAsync(StateHandle expected, Stream content, CancellationToken cancellationToken = default) =>
        (await CreateBatch().Replace(expected, content).CommitAsync(cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Replaces an entry, if it is still the one that was read.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    /// <param name="content">The data, from where the stream stands to its end; not disposed.</param>
    /// <param name="cancellationToken">Gives up; see <see cref="StateHandleBatch.CommitAsync"/>, which tells of all failures too.</param>
    /// <returns>The new entry, or <see langword="null"/> where the expected one does not stand any more.</returns>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was replaced.</exception>
    public async Task<StateHandle?> TryReplaceAsync(StateHandle expected, Stream content, CancellationToken cancellationToken = default)
    {
        try
        {
            return await ReplaceAsync(expected, content, cancellationToken).ConfigureAwait(false);
        }
        catch (StateHandleException exception) when (exception is StateHandleNotFoundException or StateHandleChangedException)
        {
            return null;
        }
    }

    /// <summary>Removes an entry, whichever it is, and its data: marks it, deletes the data, drops the key. A repeat goes on where it broke off.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Gives up; see <see cref="StateHandleBatch.CommitAsync"/>, which tells of all failures too.</param>
    /// <returns>Whether there was one, also one that was marked already.</returns>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was removed.</exception>
    /// <exception cref="StateStorageException">The data could not be deleted; the entry is marked and counts as not there.</exception>
    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default)
    {
        var key = KeyOf(name);
        var standing = await FindAsync(key, cancellationToken).ConfigureAwait(false);

        // Also where there is none: only what the API server says to the leader counts.
        var change = new RemoveChange(_writer.ConfigMap, key, standing, isConditional: false);
        await CommitAsync([change], cancellationToken).ConfigureAwait(false);
        return change.Found;
    }

    /// <summary>Removes an entry and its data, if it is still the one that was read. A repeat goes on where it broke off.</summary>
    /// <param name="expected">The entry as it was read or written.</param>
    /// <param name="cancellationToken">Gives up; see <see cref="StateHandleBatch.CommitAsync"/>, which tells of all failures too.</param>
    /// <returns>Whether there was one, also one that was marked already.</returns>
    /// <exception cref="StateHandleChangedException">It is another one; nothing was removed.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the entry was removed.</exception>
    /// <exception cref="StateStorageException">The data could not be deleted; the entry is marked and counts as not there.</exception>
    public async Task<bool> RemoveAsync(StateHandle expected, CancellationToken cancellationToken = default)
    {
        var change = new RemoveChange(Check(expected), isConditional: true);
        await CommitAsync([change], cancellationToken).ConfigureAwait(false);
        return change.Found;
    }

    /// <summary>Removes all entries of the store and their data, those too that are marked for removal.</summary>
    /// <param name="cancellationToken">Gives up; what was marked until then counts as not there, and a repeat goes on.</param>
    /// <returns>How many were removed.</returns>
    /// <exception cref="StateHandleCorruptException">An entry can't be read; nothing was removed.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    /// <exception cref="StateStorageException">Data could not be deleted; all that could be was removed, the rest is marked and counts as not there.</exception>
    public async Task<int> ClearAsync(CancellationToken cancellationToken = default)
    {
        var content = await _writer.ReadAsync(cancellationToken).ConfigureAwait(false);
        var snapshot = new StateHandleSnapshot(Reader.ConfigMap, Prefix, content.Data);
        var removals = snapshot.Handles.Concat(snapshot.BeingRemoved).Select(handle => new RemoveChange(handle, isConditional: false)).ToList();
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
            : throw new ArgumentException($"The entry stands in ConfigMap {handle.ConfigMap}, and this store is in {Reader.ConfigMap}.", nameof(handle));
    }

    internal Task CommitAsync(IReadOnlyList<EntryChange> changes, CancellationToken cancellationToken) =>
        new Commit(_writer, _contents, changes).RunAsync(cancellationToken);

    private async Task<StateHandle?> FindAsync(string key, CancellationToken cancellationToken)
    {
        var content = await _writer.ReadAsync(cancellationToken).ConfigureAwait(false);
        return content.Data.TryGetValue(key, out var text) ? StateHandleSnapshot.Read(Reader.ConfigMap, Prefix, key, text) : null;
    }
}
