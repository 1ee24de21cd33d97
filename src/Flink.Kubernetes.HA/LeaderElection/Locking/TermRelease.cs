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
    public async Task RunAsync(LeadershipLossReason reason, bool hasData)
    {
        var ending = reason == LeadershipLossReason.Abandoned ? LockEnding.RunsOut : LockEnding.Released;
        var isLeft = reason switch
        {
            LeadershipLossReason.Released => await TryAsync(ending, hasData, LockRelease.MostAttempts).ConfigureAwait(false),

            // The lock may still name this process, and others wait for the lease: one attempt may spare them that.
            LeadershipLossReason.RenewDeadlineExceeded or LeadershipLossReason.ProcessLeaseLost => await TryAsync(ending, hasData, 1).ConfigureAwait(false),

            // The Lease lives on with other terms, and what names it would be held for as long.
            LeadershipLossReason.Abandoned when member is not null => await TryAsync(ending, hasData, LockRelease.MostAttempts).ConfigureAwait(false),
            _ => true,
        };
        if (member is null || isLeft)
        {
            member?.Leave();
            return;
        }

        // Not waited for: a lock that names a Lease is held for as long as the Lease is renewed, so this goes on until it does not.
        _ = TaskExtensions.RunDetached(() => LeaveLeaseAsync(member, ending, hasData));
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
