using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>What becomes of the lock when its term has ended: released, left to run out, or left alone.</summary>
/// <param name="context">The state of the election.</param>
/// <param name="history">What the term has sent.</param>
/// <param name="term">The term.</param>
/// <param name="member">Its share in the Lease of the process, if it lives by one.</param>
/// <param name="sinceRenewal">How long ago the last renewal was sent: after a lease nobody waits for the lock.</param>
internal sealed class TermRelease(ElectionContext context, LockHistory history, TermRecord term, ProcessLeaseMember? member, Func<TimeSpan> sinceRenewal)
{
    /// <param name="reason">Why the term has ended.</param>
    /// <param name="isAbandoned">Whether its owner has not disposed it: work may still be running, whatever the reason.</param>
    /// <param name="hasData">Whether the entries for people were written.</param>
    public async Task RunAsync(LeadershipLossReason reason, bool isAbandoned, bool hasData)
    {
        var mayName = reason is LeadershipLossReason.Released or LeadershipLossReason.Abandoned
            or LeadershipLossReason.RenewDeadlineExceeded or LeadershipLossReason.ProcessLeaseLost;
        if (!mayName || (isAbandoned && member is null))
        {
            // Another's, or gone; or its own lease runs out.
            member?.Leave();
            return;
        }

        // What names a Lease would be held for as long as the Lease lives on with other terms: then it is left to run out by a record of its own.
        var ending = isAbandoned ? LockEnding.RunsOut : LockEnding.Released;
        var isLost = reason is LeadershipLossReason.RenewDeadlineExceeded or LeadershipLossReason.ProcessLeaseLost;
        if (isLost && context.Requests.Budget.IsBusy)
        {
            // It would keep a term from being renewed that is not lost yet.
            member?.Leave(isReleased: false, mayWork: isAbandoned);
            return;
        }

        // After a missed deadline the lock may still name this process, and others wait for the lease: one attempt may spare them that.
        var isLeft = await TryAsync(ending, hasData, isLost ? 1 : LockRelease.MostAttempts).ConfigureAwait(false);
        if (member is null || isLeft)
        {
            member?.Leave();
            return;
        }

        // Not waited for: a lock that names a Lease is held for as long as the Lease is renewed, so this goes on until it does not.
        _ = TaskExtensions.RunDetached(() => LeaveLeaseAsync(member, ending, hasData));
    }

    /// <summary>Waits until a lock whose acquisition was given up, and may still arrive, is known not to be held by a living Lease.</summary>
    public async Task SettleAttemptAsync(WonLock maybeWon)
    {
        var isSettled = false;
        var began = context.TimeProvider.GetTimestamp();

        // Longer than anything holds a request back. A record that arrives even later waits for the end of this process.
        while (!isSettled && !member!.IsOver && !member.IsClosing && context.TimeProvider.GetElapsedTime(began) < context.Options.LeaseDuration * 4)
        {
            var read = await context.Requests.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            if (read.Error is null && history.Judge(read.State).Verdict == LockVerdict.Latest)
            {
                isSettled = await TryAsync(LockEnding.Released, maybeWon.HasData, LockRelease.MostAttempts).ConfigureAwait(false);
            }
            else if (read.Error is null && read.State?.ResourceVersion != maybeWon.ReplacedVersion)
            {
                // What it tests is gone.
                isSettled = true;
            }

            if (!isSettled)
            {
                await Task.Delay(context.Options.RetryPeriod, context.TimeProvider, CancellationToken.None).ConfigureAwait(false);
            }
        }

        member!.Leave(isReleased: isSettled);
    }

    private Task<bool> TryAsync(LockEnding ending, bool hasData, int attempts) =>
        new LockRelease(context, history, term, ending).RunAsync(hasData, attempts, () => sinceRenewal() < context.Options.LeaseDuration);

    private async Task LeaveLeaseAsync(ProcessLeaseMember share, LockEnding ending, bool hasData)
    {
        var isLeft = false;
        while (!isLeft && !share.IsOver && !share.IsClosing)
        {
            await Task.Delay(context.Options.RetryPeriod, context.TimeProvider, CancellationToken.None).ConfigureAwait(false);
            isLeft = await TryAsync(ending, hasData, 2).ConfigureAwait(false);
        }

        share.Leave(isReleased: isLeft, mayWork: !isLeft && ending == LockEnding.RunsOut);
    }
}
