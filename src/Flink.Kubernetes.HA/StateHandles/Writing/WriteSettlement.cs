using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>Determines the outcome of writes whose responses were lost. Until a read shows it, the outcome is unknown and their data is
/// kept.</summary>
/// <remarks>
/// A write that is not found may still be on its way. But it tests the lock record that was stored when it was sent, so renewing the
/// lock rules it out: what is not found after that will never take effect.
/// </remarks>
internal sealed class WriteSettlement(LeadershipTerm term, ConfigMapReader reader)
{
    // Accessed only by the writer whose turn it is (TermWriter), so it needs no lock.
    private readonly List<UnsettledWrite> _unsettled = [];

    /// <summary>Determines the outcome of a write.</summary>
    /// <returns>Whether the write has taken effect.</returns>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before the outcome could be determined.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled; the write remains unsettled until the next write.</exception>
    public async Task<bool> SettleAsync(UnsettledWrite write, CancellationToken cancellationToken)
    {
        // Added before the first await: if the caller cancels, the next write of the term settles this one.
        _unsettled.Add(write);
        while (true)
        {
            // Checked before the read. If the term ends during the read, there is one more: a read that began after the end is the last
            // chance to see the write, because nothing moves the fence any more.
            var isLost = term.Loss is not null;
            switch (await JudgeAsync(write, cancellationToken).ConfigureAwait(false))
            {
                case WriteVerdict.Written:
                    _unsettled.Remove(write);
                    return true;
                case WriteVerdict.NotWritten:
                    _unsettled.Remove(write);
                    return false;
                case WriteVerdict.Overtaken:
                    // The new leader read the ConfigMap before it wrote; it may have seen our entry and replaced it. Our data is not
                    // referred to any more in either case.
                    _unsettled.Remove(write);
                    _ = write.Changes.DiscardNewDataAsync();
                    throw Unknown(write, "another leader has taken over, and may have changed it since");
                case WriteVerdict.Replaced:
                    throw Unknown(write, "the ConfigMap was deleted or re-created by someone else");
                case WriteVerdict.MayComeLate when !isLost:
                    // A renewal replaces the record that the write tests: it either lands before the renewal or never.
                    await term.MoveFenceAsync(write.Fence, cancellationToken).ConfigureAwait(false);
                    break;
                case null or WriteVerdict.Edited when !isLost:
                    // The read failed, or the lock was edited: let the keeper check it and try again.
                    term.Wake();
                    await term.PauseAsync(cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    throw Unknown(write, "leadership was lost before it could be read back");
            }
        }
    }

    /// <summary>Settles the writes whose callers have canceled, and deletes the data that is no longer needed.</summary>
    public async Task SettleEarlierAsync(CancellationToken cancellationToken)
    {
        foreach (var write in _unsettled.ToList())
        {
            _unsettled.Remove(write);
            try
            {
                var written = await SettleAsync(write, cancellationToken).ConfigureAwait(false);
                _ = written ? write.Changes.DiscardOldDataAsync() : write.Changes.DiscardNewDataAsync();
            }
            catch (StateOutcomeUnknownException exception)
            {
                // The caller of the earlier write has already received an exception. The current write finds out by itself whether leadership
                // was lost.
                Log.NeverSettled(term.Logger, reader.Key.ToString(), write.Changes.Keys, exception);
            }
        }
    }

    private async Task<WriteVerdict?> JudgeAsync(UnsettledWrite write, CancellationToken cancellationToken)
    {
        try
        {
            using var limit = RequestTimeLimit.BeyondTheTerm(term, cancellationToken);
            var content = await reader.ReadAsync(limit.Token).Observed().WaitAsync(limit.Token).ConfigureAwait(false);
            return write.Judge(content, term.ConfigMapUid, term.History.HasSent(content.Fence), term.Identity);
        }
        catch (ConfigMapMissingException)
        {
            return WriteVerdict.Replaced;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotReadBack(term.Logger, reader.Key.ToString(), write.Changes.Keys, exception);
            return null;
        }
    }

    private StateOutcomeUnknownException Unknown(UnsettledWrite write, string why) => new(reader.Key, write.Changes.Keys, why, write.Cause);
}
