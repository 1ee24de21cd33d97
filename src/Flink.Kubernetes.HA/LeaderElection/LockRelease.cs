using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Gives the lock up, if it still is the term's own.</summary>
internal sealed class LockRelease(ElectionContext context)
{
    private const int MaximumAttempts = 4;

    /// <param name="history">What the term has written.</param>
    /// <param name="term">The term.</param>
    /// <param name="persist">Whether a failed try is repeated, as long as the lease lasts.</param>
    public async Task ReleaseAsync(LockHistory history, TermRecord term, bool persist = true)
    {
        Exception? error = null;
        var expected = history.Latest.Annotation;
        string? resourceVersion = null;
        for (var attempt = 0; attempt < (persist ? MaximumAttempts : 1) && !HasRunOut(history); attempt++)
        {
            var released = LeaderElectionRecord.Parse(expected).Released(context.TimeProvider.GetUtcNow());
            var patch = resourceVersion is null
                ? LockPatches.Release(expected, released, term)
                : LockPatches.ReleaseAt(resourceVersion, released, term);
            var result = await context.Requests.PatchAsync(patch).ConfigureAwait(false);
            if (result.Outcome == LockWriteOutcome.Written)
            {
                Log.Released(context.Logger, context.Name, context.ConfigMap, term.FencingToken);
                return;
            }

            error = result.Error;
            if (result.Outcome == LockWriteOutcome.Refused)
            {
                var read = await context.Requests.ReadAsync(CancellationToken.None).ConfigureAwait(false);
                if (read.Error is null && !IsOurs(read.State, history, term))
                {
                    // Not ours any more: released by a write whose answer was lost, taken over, or deleted.
                    return;
                }

                // The same record and yet refused, or one that someone has edited: what stands there is in the way, so go by its version.
                var isEdited = read.State is { } state && (state.Record.Annotation == expected || history.Find(state.Record.Annotation) is null);
                resourceVersion = isEdited ? read.State!.ResourceVersion : null;
                expected = read.State?.Record.Annotation ?? expected;
            }
            else
            {
                await Task.Delay(context.RetryDelay(), context.TimeProvider, CancellationToken.None).ConfigureAwait(false);
            }
        }

        Log.NotReleased(context.Logger, context.Name, context.ConfigMap, context.Options.LeaseDuration.TotalSeconds, error);
    }

    /// <summary>Whether the lock is still this term's, also when its record was edited or taken away: others would wait a lease for it.</summary>
    private bool IsOurs(LockState? state, LockHistory history, TermRecord term) =>
        state is not null
        && (history.Find(state.Record.Annotation) is not null
            || (state.Term?.SessionId == term.SessionId && (!state.Record.IsReadable || state.Record.HolderIdentity == context.Identity)));

    /// <summary>Once the lease is over nobody waits for a release.</summary>
    private bool HasRunOut(LockHistory history) => context.TimeProvider.GetElapsedTime(history.Latest.SentAt) >= context.Options.LeaseDuration;
}
