using System.Runtime.ExceptionServices;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>One write: stores the data, then the pointers to it, then deletes the data that is no longer needed.</summary>
/// <remarks>
/// In this order a crash at any point leaves at most data without a pointer, which a sweep removes, and never a live pointer without
/// data. A removal marks its entry first, so that a pointer whose data may be gone can be recognized.
/// </remarks>
internal sealed class Commit(TermWriter writer, StoredContents contents, IReadOnlyList<EntryChange> changes)
{
    private readonly List<StateHandle> _unfinished = [];
    private readonly List<Exception> _failures = [];

    /// <summary>Removed entries whose data could not be deleted; they remain marked.</summary>
    public IReadOnlyList<StateHandle> Unfinished => _unfinished;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        writer.Term.ThrowIfLost();
        cancellationToken.ThrowIfCancellationRequested();
        if (changes.Count == 0)
        {
            return;
        }

        await WriteAsync(new ChangeSet(changes), cancellationToken).ConfigureAwait(false);
        var marked = changes.OfType<RemoveChange>().Select(change => change.Marked).OfType<StateHandle>();
        await FinishRemovalsAsync([.. marked], cancellationToken).ConfigureAwait(false);
    }

    public void ThrowIfUnfinished()
    {
        if (_failures is [var only])
        {
            ExceptionDispatchInfo.Throw(only);
        }

        if (_failures.Count > 0)
        {
            throw new StateStorageException(StateStorageFailure.Other, $"The data of {_failures.Count} removed entries could not be deleted. "
                + "They are marked and treated as absent: remove them again to resume.", new AggregateException(_failures));
        }
    }

    private async Task WriteAsync(ChangeSet set, CancellationToken cancellationToken)
    {
        try
        {
            // 1. New data, under keys that nothing has ever used: until step 2 nothing refers to it.
            foreach (var change in set.Changes.OfType<ContentChange>())
            {
                await StoreAsync(change, cancellationToken).ConfigureAwait(false);
            }

            // 2. All pointers in one fenced request.
            await writer.CommitAsync(set, contents, cancellationToken).ConfigureAwait(false);
        }
        catch when (!set.MayBeStored)
        {
            // The pointers were certainly not written and never will be. In every other case the new data is kept: a write whose
            // response was lost, or whose caller has canceled, may still point to it.
            await contents.DiscardAsync(set.NewData).ConfigureAwait(false);
            throw;
        }

        // 3. The pointers to the old data are replaced, so nothing refers to it. Best effort: a sweep removes what remains.
        await contents.DiscardAsync(set.OldData).ConfigureAwait(false);
    }

    /// <summary>Stores the data of a change; stops when leadership is lost, because nothing would point to the rest of the data.</summary>
    private async Task StoreAsync(ContentChange change, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(writer.Term.Lost, cancellationToken);
        try
        {
            await change.StoreAsync(contents, linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            writer.Term.ThrowIfLost();
            throw;
        }
    }

    /// <summary>Deletes the data of the marked entries, then removes the keys of those whose data is deleted.</summary>
    private async Task FinishRemovalsAsync(List<StateHandle> marked, CancellationToken cancellationToken)
    {
        // Step 2 has marked the entries. A crash from here on leaves marked entries, which are treated as absent; the next add, remove or
        // clear of the key continues here.
        List<StateHandle> deleted = [];
        foreach (var handle in marked)
        {
            try
            {
                await contents.DeleteAsync(handle.State.Key, cancellationToken).ConfigureAwait(false);
                deleted.Add(handle);
            }
            catch (StateStorageException exception)
            {
                _unfinished.Add(handle);
                _failures.Add(exception);
                Log.DataToBeDeleted(writer.Term.Logger, handle.Key, writer.ConfigMap.ToString(), exception);
            }
        }

        if (deleted.Count > 0)
        {
            await DropAsync(new ChangeSet([.. deleted.Select(handle => new DropChange(handle))]), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes the marked keys. A failure is only logged: the entries are already treated as absent, and the next add, remove or
    /// clear removes the keys.</summary>
    private async Task DropAsync(ChangeSet drops, CancellationToken cancellationToken)
    {
        try
        {
            await writer.CommitAsync(drops, contents, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is KubernetesHaException or StateHandleException or LeadershipLostException or OperationCanceledException)
        {
            Log.MarkedKeysLeft(writer.Term.Logger, writer.ConfigMap.ToString(), drops.Keys, exception);
        }
    }
}
