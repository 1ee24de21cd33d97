using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.StateHandles.Writing;

/// <summary>Finds out what became of writes whose answers were lost. They stay unknown, and their data untouched, until a read tells.</summary>
/// <remarks>
/// A write that is nowhere to be seen may still be under way. But it tests the lock record that stood when it was sent, so renewing
/// the lock makes an end of it: what is not there after that never will be.
/// </remarks>
internal sealed class WriteSettlement(LeadershipTerm term, ConfigMapReader reader)
{
    // Used by one writer at a time, in its turn.
    private readonly List<UnsettledWrite> _unsettled = [];

    /// <summary>Finds out what became of a write.</summary>
    /// <returns>Whether it has taken effect.</returns>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it could be found out.</exception>
    /// <exception cref="OperationCanceledException">It remains unsettled until the next write.</exception>
    public async Task<bool> SettleAsync(UnsettledWrite write, CancellationToken cancellationToken)
    {
        _unsettled.Add(write);
        while (true)
        {
            // Asked before the read: what is read after the loss is the last word.
            var isLost = term.Keeper.Loss is not null;
            switch (await JudgeAsync(write, cancellationToken).ConfigureAwait(false))
            {
                case WriteVerdict.Written:
                    _unsettled.Remove(write);
                    return true;
                case WriteVerdict.NotWritten:
                    _unsettled.Remove(write);
                    return false;
                case WriteVerdict.Overtaken:
                    _unsettled.Remove(write);
                    await write.Contents.DiscardAsync(write.Changes.NewData).ConfigureAwait(false);
                    throw Unknown(write, "another leader has taken over, and what it found and did is not known");
                case WriteVerdict.Replaced:
                    throw Unknown(write, "the ConfigMap was deleted or created anew by someone else");
                case WriteVerdict.MayComeLate when !isLost:
                    await term.MoveFenceAsync(write.Fence, cancellationToken).ConfigureAwait(false);
                    break;
                case null when !isLost:
                    await term.PauseAsync(cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    throw Unknown(write, "leadership was lost before it could be read back");
            }
        }
    }

    /// <summary>Settles the writes whose callers did not wait for that, and deletes the data that is of no use then.</summary>
    public async Task SettleEarlierAsync(CancellationToken cancellationToken)
    {
        foreach (var write in _unsettled.ToList())
        {
            _unsettled.Remove(write);
            try
            {
                var written = await SettleAsync(write, cancellationToken).ConfigureAwait(false);
                await write.Contents.DiscardAsync(written ? write.Changes.OldData : write.Changes.NewData).ConfigureAwait(false);
            }
            catch (StateOutcomeUnknownException exception)
            {
                // Its caller was told so; the write that comes now will hear that leadership is lost.
                Log.NeverSettled(term.Context.Logger, reader.Key.ToString(), write.Changes.Keys, exception);
            }
        }
    }

    private async Task<WriteVerdict?> JudgeAsync(UnsettledWrite write, CancellationToken cancellationToken)
    {
        try
        {
            using var limit = RequestLimit.BeyondTheTerm(term, cancellationToken);
            var content = await reader.ReadAsync(limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            return write.Judge(content, term.Keeper.Uid, term.Keeper.History.HasSent(content.Fence));
        }
        catch (ConfigMapMissingException)
        {
            return WriteVerdict.Replaced;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.NotReadBack(term.Context.Logger, reader.Key.ToString(), write.Changes.Keys, exception);
            return null;
        }
    }

    private StateOutcomeUnknownException Unknown(UnsettledWrite write, string why) => new(reader.Key, write.Changes.Keys, why, write.Cause);
}
