using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>The last turn of a term: releases the lock if it is still held by it, or lets it run out.</summary>
/// <remarks>
/// No renewal is begun once the term has ended, but one whose response was lost may still land, before or after the release. After
/// the release it is refused, because the record that it tests is gone; before it, the release is refused and tried on that record.
/// </remarks>
internal sealed class LockRelease(ElectionContext context, LockHistory history, TermRecord term, LockEnding ending)
{
    /// <summary>How often a release is tried while the lease lasts; after that nobody waits for it.</summary>
    public const int MostAttempts = 4;

    /// <param name="hasData">Whether the entries for people were written.</param>
    /// <param name="attempts">How often to try at most.</param>
    /// <param name="mayStand">Whether the lock may still be held; if not, there is nothing to release.</param>
    /// <returns>Whether the lock is known not to be held by the term any more.</returns>
    public async Task<bool> RunAsync(bool hasData, int attempts, Func<bool> mayStand)
    {
        Exception? error = null;
        LockState? at = null;
        for (; attempts > 0 && mayStand(); attempts--)
        {
            // 1. On the last known record; or, if that is not what is stored, on the version that was read.
            var expected = history.Latest.Texts;
            var next = history.Next(context, null, 0, ending);
            var data = hasData ? LockPatches.Data(term, isReleased: true) : [];
            var patch = at is null
                ? LockPatches.Replace(expected, next.Texts, data)
                : LockPatches.WriteAt(at.ResourceVersion, context.ClusterId, next.Texts, data);
            var result = await WriteAsync(patch).ConfigureAwait(false);
            if (result.Outcome == LockWriteOutcome.Written)
            {
                if (ending == LockEnding.Released)
                {
                    Log.Released(context.Logger, context.Name, context.ConfigMap, term.FencingToken);
                }

                return true;
            }

            error = result.Error;
            if (result.Outcome != LockWriteOutcome.Unknown)
            {
                history.NotWritten(next);
            }

            if (result.Outcome != LockWriteOutcome.Refused)
            {
                // 2. Failed or unknown. A release that has landed is recognized by the read after the next attempt, which is refused.
                hasData &= result.Failure is not (KubernetesFailure.TooLarge or KubernetesFailure.Forbidden);
                await Task.Delay(context.RetryDelay(), context.TimeProvider, CancellationToken.None).ConfigureAwait(false);
                continue;
            }

            // 3. Refused: the lock is not as expected. Only a read tells an own write that landed late from a new holder, whose lock must
            //    not be touched.
            var read = await context.Requests.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            if (read.Error is not null)
            {
                continue;
            }

            var judgment = history.Judge(read.State);
            if (judgment is { Verdict: LockVerdict.Landed, Sent: { } landed })
            {
                history.Written(landed, judgment.State!.ResourceVersion);
                at = null;
                if (landed.IsLast)
                {
                    return true;
                }
            }
            else if (judgment.Verdict == LockVerdict.Latest || (judgment.Verdict == LockVerdict.Edited && judgment.State!.Term?.SessionId == term.SessionId))
            {
                // 4. The record is ours, and the patch does not fit this object: the data was removed, or is refused, or the record was edited.
                //    Written by version; whatever happens in between changes the version.
                hasData &= at is null;
                at = judgment.State;
            }
            else
            {
                // 5. No longer ours: taken, deleted, or stripped of everything that says whose it is.
                return true;
            }
        }

        if (error is not null)
        {
            Log.NotReleased(context.Logger, context.Name, context.ConfigMap, context.Options.LeaseDuration.TotalSeconds, error);
        }

        return false;
    }

    private async Task<LockWriteResult> WriteAsync(ConfigMapPatch patch)
    {
        using var turn = await context.Requests.Budget.ReleaseAsync().ConfigureAwait(false);
        return await context.Requests.PatchAsync(patch).ConfigureAwait(false);
    }
}
