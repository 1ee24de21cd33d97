using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>One term's, or one attempt's, share in the Lease of its process.</summary>
/// <param name="lease">The Lease.</param>
/// <param name="isVerifiedByReads">Whether the lock is read once a period; beyond the first few of a process only the watches show edits.</param>
internal sealed class ProcessLeaseMember(ProcessLease lease, bool isVerifiedByReads)
{
    private readonly Lock _gate = new();
    private Action<LeadershipLossReason, string, bool>? _over;
    private (LeadershipLossReason Reason, string Why, bool IsPoolStarved)? _end;
    private Action<long>? _renewed;
    private Action? _promoted;
    private volatile bool _isVerifiedByReads = isVerifiedByReads;

    public LeaseReference Lease => lease.Reference;

    public bool IsVerifiedByReads => _isVerifiedByReads;

    public bool IsOver => lease.IsOver;

    /// <summary>Whether the process no longer renews the Lease on purpose.</summary>
    public bool IsClosing => lease.IsClosing;

    public TimeSpan SinceRenewal => lease.SinceRenewal;

    public LastingFailure? Failure => lease.Failure;

    /// <summary>Calls back when something becomes of the Lease. The callbacks must not run user code.</summary>
    /// <param name="over">Called once when the Lease is over, also if it already is: with the reason, the same for people, and whether the
    /// thread pool is starved.</param>
    /// <param name="renewed">Called when the Lease was renewed, while the lock is not verified by reads.</param>
    /// <param name="promoted">Called when the lock is to be verified by reads from now on.</param>
    public void Attach(Action<LeadershipLossReason, string, bool> over, Action<long> renewed, Action promoted)
    {
        lock (_gate)
        {
            (_over, _promoted) = (over, promoted);
            Volatile.Write(ref _renewed, renewed);
        }

        Tell();
    }

    /// <summary>Tells a term whose lock is not verified that its heartbeat was sent.</summary>
    public void Renewed(long sentAt)
    {
        if (!_isVerifiedByReads)
        {
            Volatile.Read(ref _renewed)?.Invoke(sentAt);
        }
    }

    /// <summary>Has the lock verified by reads, because another that was has left.</summary>
    public void Promote()
    {
        Action? promoted;
        lock (_gate)
        {
            _isVerifiedByReads = true;
            promoted = _promoted;
        }

        promoted?.Invoke();
    }

    public void Over(LeadershipLossReason reason, string why, bool isPoolStarved)
    {
        lock (_gate)
        {
            _end ??= (reason, why, isPoolStarved);
        }

        Tell();
    }

    /// <summary>Leaves; the Lease is removed when nobody lives by it any more.</summary>
    /// <param name="isReleased">Whether the lock no longer names the Lease.</param>
    /// <param name="mayWork">Whether work may still be running under a lock that names it.</param>
    public void Leave(bool isReleased = true, bool mayWork = false) => lease.Leave(this, isReleased, mayWork);

    private void Tell()
    {
        Action<LeadershipLossReason, string, bool>? over;
        (LeadershipLossReason Reason, string Why, bool IsPoolStarved) end;
        lock (_gate)
        {
            if (_over is null || _end is null)
            {
                return;
            }

            (over, end, _over) = (_over, _end.Value, null);
        }

        over(end.Reason, end.Why, end.IsPoolStarved);
    }
}
