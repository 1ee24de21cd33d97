using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>
/// Distinguishes an empty ConfigMap from one that was lost and re-created, by an ID in the ConfigMap that the keys of its data contain
/// (guarantee P6 in docs/guarantees.md).
/// </summary>
/// <remarks>The ID is stored before the first data is. So data without an ID in the ConfigMap is data whose pointers were lost.</remarks>
internal sealed class StateIdentity(TermWriter writer, IStateStorage storage)
{
    /// <summary>Returns the ID; the first time it is created.</summary>
    /// <exception cref="StateLostException">There is data of ConfigMaps that were deleted.</exception>
    /// <exception cref="LeaderElection.LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateHandleException">The ConfigMap has pointers to data of another one, or an ID that is none.</exception>
    public async Task<string> EstablishAsync(CancellationToken cancellationToken)
    {
        var retry = TermRetry.OfRequests(writer.Term);
        while (true)
        {
            var content = await writer.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (LeaderElectionRecord.Parse(content.Fence).HolderIdentity is { Length: > 0 } holder && holder != writer.Term.Identity)
            {
                // What another leader has is not recovered: the keeper finds out that the term is over, or restores the lock.
                writer.Term.Wake();
                await retry.PauseAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            if (content.StateId is null)
            {
                // 1. Without an ID nothing can have been stored. Listed before the ConfigMap is read again: data that is found was written
                //    after its ID, so the read sees the ID of another store of this term that is opened at the same time.
                var lost = await ListAsync(cancellationToken).ConfigureAwait(false);
                content = await writer.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (content.StateId is null && lost.Count > 0)
                {
                    throw new StateLostException(writer.ConfigMap, storage.Location, lost);
                }
            }

            if (content.StateId is { } id)
            {
                // 2. It becomes a folder of the storage, so it must be one segment.
                if (StateKey.TryCreate(id) is null || id.Contains('/', StringComparison.Ordinal))
                {
                    throw StateHandleException.Corrupt(writer.ConfigMap, EntryKeys.StateId, $"\"{id}\" is not an ID");
                }

                // 3. What leads to other data shows a copy: told before anything is read or deleted by it.
                var foreign = content.Data.Keys.Order(StringComparer.Ordinal).Select(key => ForeignOf(content, key)).FirstOrDefault(found => found is not null);
                return foreign is null ? id : throw foreign;
            }

            await TryCreateAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the pointers to data of other ConfigMaps valid, and keeps that data from ever being deleted by this one.</summary>
    /// <returns>The number of pointers.</returns>
    public async Task<int> AdoptAsync(CancellationToken cancellationToken)
    {
        var content = await writer.ReadAsync(cancellationToken).ConfigureAwait(false);
        var foreign = content.Data.Where(entry => ForeignOf(content, entry.Key) is not null).ToList();
        foreach (var part in foreign.Chunk(StateHandleBatch.MostChanges))
        {
            var changes = part.Select(entry => new ValueChange(entry.Key, entry.Value, (StatePointer.Parse(entry.Value) with { IsAdopted = true }).Write()));
            await writer.CommitAsync(new ChangeSet([.. changes]), cancellationToken).ConfigureAwait(false);
        }

        if (content.StateId is null && foreign.Count > 0)
        {
            await TryCreateAsync(cancellationToken).ConfigureAwait(false);
        }

        return foreign.Count;
    }

    private static StateHandleException? ForeignOf(ConfigMapContent content, string key)
    {
        try
        {
            _ = content.Data[key].StartsWith('{') ? content.Find(string.Empty, key) : null;
            return null;
        }
        catch (StateHandleException exception)
        {
            return exception.Failure == StateHandleFailure.Foreign ? exception : null;
        }
    }

    /// <summary>Lists the folders of the data of the component: one for each ID.</summary>
    private async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        var folder = writer.Reader.Folder + "/";
        SortedSet<string> folders = new(StringComparer.Ordinal);
        await foreach (var entry in storage.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            folders.Add(folder + entry.Key.Value[folder.Length..].Split('/')[0]);
        }

        return [.. folders];
    }

    private async Task TryCreateAsync(CancellationToken cancellationToken)
    {
        try
        {
            var create = new ValueChange(EntryKeys.StateId, expected: null, Guid.NewGuid().ToString("N"));
            await writer.CommitAsync(new ChangeSet([create]), cancellationToken).ConfigureAwait(false);
        }
        catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed)
        {
            // Another store of the term was faster.
        }
    }
}
