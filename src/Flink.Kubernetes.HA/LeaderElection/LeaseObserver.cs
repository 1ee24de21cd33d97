namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Counts another holder's lease: from when its last change was observed, on this process's monotonic clock.</summary>
internal sealed class LeaseObserver(TimeSpan ownLease, string ownIdentity, TimeProvider timeProvider)
{
    private (string? Uid, string? Annotation)? _lastSeen;
    private TimeSpan _lease;
    private long _since;

    /// <summary>The lock as last observed, or <see langword="null"/> when the ConfigMap does not exist.</summary>
    public LockState? State { get; private set; }

    /// <summary>The largest fencing token that was seen.</summary>
    public long LastFencingToken { get; private set; }

    public bool IsMine => State?.Record.HolderIdentity == ownIdentity;

    public void Observe(LockState? state, long timestamp)
    {
        State = state;
        if (state is null)
        {
            // The lease of a holder whose ConfigMap was deleted goes on: the holder may not have heard of it yet.
            _lastSeen = null;
            return;
        }

        LastFencingToken = Math.Max(LastFencingToken, state.Term?.FencingToken ?? 0);
        if (_lastSeen == (state.Uid, state.Record.Annotation))
        {
            return;
        }

        _lastSeen = (state.Uid, state.Record.Annotation);
        _since = timestamp;
        _lease = state switch
        {
            _ when state.IsFree || IsMine => TimeSpan.Zero,
            { Record.IsReadable: true } => state.Record.LeaseDuration ?? ownLease,
            _ => _lease > ownLease ? _lease : ownLease,
        };
    }

    /// <summary>Says that this process has held the lock and has ended its term: nobody's lease runs.</summary>
    public void OwnTermEnded() => _lease = TimeSpan.Zero;

    /// <summary>How long nobody else may lead: zero when the lock is free, one's own, or its lease has run out.</summary>
    public TimeSpan Remaining()
    {
        var remaining = _lease - timeProvider.GetElapsedTime(_since);
        return _lease == TimeSpan.Zero || remaining < TimeSpan.Zero ? TimeSpan.Zero : remaining;
    }
}
