using System.Runtime.ExceptionServices;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Changes;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>All of one write: data first, pointers second, then away with what is of no use any more.</summary>
internal sealed class Commit(TermWriter writer, StoredContents contents, IReadOnlyList<EntryChange> changes)
{
    private readonly List<StateHandle> _unfinished = [];
    private readonly List<Exception> _failures = [];

    /// <summary>Removed entries whose data could not be deleted: they are marked.</summary>
    public IReadOnlyList<StateHandle> Unfinished => _unfinished;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        writer.ThrowIfLost();
        cancellationToken.ThrowIfCancellationRequested();
        if (changes.Count == 0)
        {
            return;
        }

        await WriteAsync(new ChangeSet(changes), cancellationToken).ConfigureAwait(false);
        await FinishRemovalsAsync([.. changes.OfType<RemoveChange>().Select(change => change.Marked).OfType<StateHandle>()], cancellationToken).ConfigureAwait(false);
    }

    public void ThrowIfUnfinished()
    {
        if (_failures is [var only])
        {
            ExceptionDispatchInfo.Throw(only);
        }

        if (_failures.Count > 0)
        {
            throw new StateStorageException(StateStorageFailure.Other, $"The data of {_failures.Count} removed entries could not be deleted. They are marked and count as not there: remove them again to go on.", new AggregateException(_failures));
        }
    }

    private async Task WriteAsync(ChangeSet set, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var change in set.Changes.OfType<ContentChange>())
            {
                await StoreAsync(change, cancellationToken).ConfigureAwait(false);
            }

            await writer.CommitAsync(set, contents, cancellationToken).ConfigureAwait(false);
        }
        catch when (!set.MayStand)
        {
            await contents.DiscardAsync(set.NewData).ConfigureAwait(false);
            throw;
        }

        await contents.DiscardAsync(set.OldData).ConfigureAwait(false);
    }

    /// <summary>Who leads no more need not go on with gigabytes that nothing will point to.</summary>
    private async Task StoreAsync(ContentChange change, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(writer.Term.Lost, cancellationToken);
        try
        {
            await change.StoreAsync(contents, linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            writer.ThrowIfLost();
            throw;
        }
    }

    /// <summary>Deletes the data of what is marked, then drops the keys: all that can be.</summary>
    private async Task FinishRemovalsAsync(List<StateHandle> marked, CancellationToken cancellationToken)
    {
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
                Log.DataToBeDeleted(writer.Term.Context.Logger, handle.Key, writer.ConfigMap.ToString(), exception);
            }
        }

        if (deleted.Count > 0)
        {
            await DropAsync(new ChangeSet([.. deleted.Select(handle => new DropChange(handle))]), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The entries count as not there already, and a marked key that is left over hurts nobody: the next to add, remove or clear finishes it.</summary>
    private async Task DropAsync(ChangeSet drops, CancellationToken cancellationToken)
    {
        try
        {
            await writer.CommitAsync(drops, contents, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is KubeClientException or StateHandleException or LeadershipLostException or OperationCanceledException)
        {
            Log.MarkedKeysLeft(writer.Term.Context.Logger, writer.ConfigMap.ToString(), drops.Keys, exception);
        }
    }
}
