using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>Ends a term once, for the first reason that is found, and tells everybody who waits.</summary>
internal sealed class TermEnd(ElectionContext context, PublishedAddress address) : IDisposable
{
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly long _begun = context.TimeProvider.GetTimestamp();
    private bool _isBegun;
    private string? _uid;
    private LeadershipLoss? _loss;

    public CancellationToken Lost => _lost.Token;

    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Canceled together with <see cref="Lost"/>; no user code is called by it.</summary>
    public CancellationToken Ended => _ended.Token;

    public LeadershipLoss? Loss => Volatile.Read(ref _loss);

    /// <summary>Counts and logs the term; one that nobody was given is neither.</summary>
    public void Begin(TermRecord term, string? uid)
    {
        (_isBegun, _uid) = (true, uid);
        context.Events?.BecameLeader(context.Requests.Key, uid);
        Log.TermWon(context.Logger, context.Name, context.Identity, term.FencingToken, term.SessionId);
        context.Metrics.TermWon(context.MetricTag);
    }

    public void FireStopping() => _ = context.CancelSafelyAsync(_stopping);

    /// <summary>Ends the term because its owner has disposed it.</summary>
    public void Release() => End(new LeadershipLoss(LeadershipLossReason.Released, $"Leadership of {context.Component} was released."), false);

    /// <summary>Ends the term if the judgment says that the lock is no longer its own.</summary>
    public void LoseIfOver(Judgment judgment)
    {
        switch (judgment.Verdict)
        {
            case LockVerdict.Gone:
                Lose(
                    LeadershipLossReason.Deleted,
                    "someone else deleted the ConfigMap, with all its contents. The next term begins in a new one, with a larger fencing token.");
                break;
            case LockVerdict.Released:
                Lose(LeadershipLossReason.ReleasedExternally, "someone else cleared the holder in the lock.");
                break;
            case LockVerdict.Taken when judgment.State!.Record.IsReadable && judgment.State.Record.HolderIdentity != context.Identity:
                Lose(LeadershipLossReason.TakenOver, $"the lock is now held by '{judgment.State.Record.HolderIdentity}'.");
                break;
            case LockVerdict.Taken:
                Lose(LeadershipLossReason.TakenOver, $"another term is stored in the ConfigMap: session {judgment.State!.Term?.SessionId}.");
                break;
        }
    }

    /// <param name="reason">Why.</param>
    /// <param name="why">The same for people.</param>
    /// <param name="isPoolStarved">Whether the thread pool runs nothing, so that callbacks must not wait for it.</param>
    public void Lose(LeadershipLossReason reason, string why, bool isPoolStarved = false)
    {
        if (End(new LeadershipLoss(reason, $"Leadership of {context.Component} in ConfigMap {context.Requests.Key} was lost: {why}"), isPoolStarved))
        {
            Log.LeadershipLost(context.Logger, context.Name, context.ConfigMap, reason.ToString(), why);
        }
    }

    public void Dispose() => _ended.Dispose();

    private bool End(LeadershipLoss loss, bool isPoolStarved)
    {
        if (Interlocked.CompareExchange(ref _loss, loss, null) is not null)
        {
            return false;
        }

        // The tokens are canceled now, and the callbacks on them, which are user code, run on the thread pool; or on threads made for them
        // if the pool does not run anything.
        // Two separate calls: a callback on Lost that waits for the work would otherwise keep Stopping from ending that work.
        if (isPoolStarved)
        {
            DeadlineThread.RunOnOwnThread(() => context.Cancel(_lost));
            DeadlineThread.RunOnOwnThread(() => context.Cancel(_stopping));
        }
        else
        {
            _ = context.CancelSafelyAsync(_lost);
            FireStopping();
        }

        _ended.Cancel();
        address.End(loss.ToException(context.Component));

        // Last: metric listeners are user code, and Lost must not wait for them.
        if (_isBegun)
        {
            context.Events?.StoppedLeading(context.Requests.Key, _uid, loss.Reason);
            context.Metrics.TermEnded(context.MetricTag, loss.Reason.ToString(), context.TimeProvider.GetElapsedTime(_begun));
        }

        return true;
    }
}
