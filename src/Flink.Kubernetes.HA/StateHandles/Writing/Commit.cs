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

    private async Task WriteAsync(ChangeSet set, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var change in set.Changes.OfType<ContentChange>())
            {
                await change.StoreAsync(contents, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Deletes the data of what is marked, then drops the keys: all that can be.</summary>
    private async Task FinishRemovalsAsync(List<StateHandle> marked, CancellationToken cancellationToken)
    {
        List<StateHandle> deleted = [];
        List<Exception> failures = [];
        foreach (var handle in marked)
        {
            try
            {
                await contents.DeleteAsync(handle.State.Key, cancellationToken).ConfigureAwait(false);
                deleted.Add(handle);
            }
            catch (StateStorageException exception)
            {
                failures.Add(exception);
            }
        }

        if (deleted.Count > 0)
        {
            await DropAsync(new ChangeSet([.. deleted.Select(handle => new DropChange(handle))]), cancellationToken).ConfigureAwait(false);
        }

        if (failures is [var only])
        {
            ExceptionDispatchInfo.Throw(only);
        }

        if (failures.Count > 0)
        {
            throw new StateStorageException(StateStorageFailure.Other, $"The data of {failures.Count} of {marked.Count} entries could not be deleted. They are marked and count as not there: remove them again to go on.", new AggregateException(failures));
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
