namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>Judges when the lock may be taken: by one rule, on this process's monotonic clock, from what this process has ever seen.</summary>
/// <remarks>
/// <para>A process that has seen a lock here treats everything but a readable, released record of the same object as held for a lease
/// from its last change: records that cannot be read, annotations that were stripped, objects that were deleted, replaced or restored.
/// A leader that lives may not have noticed any of that, and leads until its deadline.</para>
/// <para>A process that has never seen one does not wait; otherwise every first start would take a lease.</para>
/// <para>What it has seen belongs to the election service, and not to one enumeration of its terms.</para>
/// </remarks>
internal sealed class LeaseObserver(LeaderElectionOptions options, string ownIdentity, TimeProvider timeProvider)
{
    /// <summary>The number of attempts without an answer that are remembered; one more costs a wait for the lease at most.</summary>
    private const int MostRemembered = 8;

    private (string? Uid, string? Lock, string? Term)? _seen;
    private string? _version;
    private long _sequence;
    private string? _lockUid;
    private readonly List<LockHistory> _own = [];
    private string? _holder;
    private bool _hasSeenLock;
    private Lease _lease;
    private Lease? _broken;
    private bool _isBroken;

    /// <summary>The lock as last observed, or <see langword="null"/> if the ConfigMap does not exist.</summary>
    public LockState? State { get; private set; }

    /// <summary>The largest fencing token that was observed or used.</summary>
    public long LastFencingToken { get; private set; }

    /// <summary>When the state that is waited for was observed: a <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long Since => _lease.Since;

    /// <summary>Whether the lock is held by the last write of this process, by which it does not lead (any more).</summary>
    /// <remarks>
    /// Left by a write whose response was lost, or by a term that has ended. An older record of this process was restored from a copy, and
    /// one in another object as well: another process may have led since, and may still. So may the very last one be, unless the object is
    /// in the version in which this process wrote it, or this record was sent so recently that nobody can have led since.
    /// </remarks>
    public bool IsMine =>
        State is { Term: { } term } state
        && state.Record.HolderIdentity == ownIdentity
        && term.HolderIdentity == ownIdentity
        && term.FencingToken >= LastFencingToken
        && _own.Exists(history => history.HasLeft(state, options.RenewDeadline, timeProvider));

    /// <summary>Records what a term of this process, or an attempt whose response was lost, may have left behind.</summary>
    public void Left(LockHistory history)
    {
        if (_own.Count == MostRemembered)
        {
            _own.RemoveAt(0);
        }

        _own.Add(history);
    }

    /// <summary>Records that this process has led: from here on it knows a lock.</summary>
    public void Won(WonLock won)
    {
        LastFencingToken = Math.Max(LastFencingToken, won.Term.FencingToken);
        (_hasSeenLock, _lockUid, _holder) = (true, won.Uid, ownIdentity);
        _own.Clear();
        (_broken, _isBroken) = (null, false);
        _lease = new Lease(won.Sent.SentAt, options.LeaseDuration);
    }

    /// <param name="state">The state.</param>
    /// <param name="timestamp">When it was observed.</param>
    /// <param name="sequence">The number of the watch's observation; <see langword="null"/> for a read.</param>
    public void Observe(LockState? state, long timestamp, long? sequence)
    {
        var before = (_seen, _version);
        var isGapless = sequence == _sequence + 1;
        _sequence = sequence ?? _sequence;
        State = state;
        _seen = (state?.Uid, state?.LockText, state?.TermText);
        _version = state?.ResourceVersion;
        LastFencingToken = Math.Max(LastFencingToken, state?.Term?.FencingToken ?? 0);
        if (state is { HasLock: true })
        {
            _hasSeenLock = true;
        }

        if (!_hasSeenLock)
        {
            return;
        }

        // 1. What is a change? The annotations, and not the version of the object, which anybody's write moves. A leader never writes the
        //    same record twice (LockHistory.Next), so equal text means that nobody has renewed. But a copy can be restored twice: if
        //    states may have been missed, somebody may have led between two looks at the same text. So there the version counts too.
        //    What the watch has shown without a gap was written by others, however often: they must not keep the lock from being taken.
        var isChanged = before._seen != _seen || (!isGapless && before._version != _version);
        if (state is { Record.IsReadable: true })
        {
            if (isChanged)
            {
                ObserveRecord(state, timestamp);
            }
        }
        else if (!_isBroken || (!isGapless && isChanged))
        {
            // 2. Nobody can be seen to hold the lock. A leader may have restored its record between two looks, only to be edited again.
            _isBroken = true;
            Break(timestamp);
        }
    }

    /// <summary>How long somebody else may still be the leader: zero if the lock is free, is held by this process, or its lease has
    /// expired.</summary>
    /// <param name="isHolderDead">Whether the holder was seen to be dead while the record that is stored named it: then only what was there
    /// before the record counts.</param>
    public TimeSpan Remaining(bool isHolderDead = false)
    {
        if (State is null || !_hasSeenLock || IsMine)
        {
            // Creating the ConfigMap is harmless because it is created without a holder; taking the lock in it is what waits.
            return TimeSpan.Zero;
        }

        var left = isHolderDead ? TimeSpan.Zero : _lease.Left(timeProvider);
        var leftOfBroken = _broken?.Left(timeProvider) ?? TimeSpan.Zero;
        return left > leftOfBroken ? left : leftOfBroken;
    }

    private void ObserveRecord(LockState state, long timestamp)
    {
        if (_lockUid is not null && _lockUid != state.Uid)
        {
            // 3. A record in another object says nothing about the leader in the one before.
            Break(timestamp);
        }
        else if (_isBroken && (state.Record.IsReleased ? state.Term?.HolderIdentity : state.Record.HolderIdentity) == _holder)
        {
            // 4. The leader itself has restored or released its record: from here on it counts as if nothing had happened.
            _broken = null;
        }

        // 5. The lease counts from the observation, not from the times in the record: those are another machine's wall clock.
        _isBroken = false;
        _lockUid = state.Uid;
        _holder = state.Record.IsReleased ? null : state.Record.HolderIdentity;
        _lease = new Lease(timestamp, state.Record.IsReleased ? TimeSpan.Zero : Stated(state));
    }

    private void Break(long timestamp)
    {
        _lease = new Lease(timestamp, Longest());
        if (_broken is null || _broken.Value.Left(timeProvider) < _lease.Left(timeProvider))
        {
            _broken = _lease;
        }
    }

    /// <summary>The lease that the lock states; a lock that has lost it, or that names a Lease, is never taken sooner than one that was seen before.</summary>
    private TimeSpan Stated(LockState state) =>
        state.LeaseDuration is not { } stated ? Longest() : state.Record.IsEndless && stated < options.LeaseDuration ? options.LeaseDuration : stated;

    private TimeSpan Longest() => _lease.Duration > options.LeaseDuration ? _lease.Duration : options.LeaseDuration;

    private readonly record struct Lease(long Since, TimeSpan Duration)
    {
        public TimeSpan Left(TimeProvider timeProvider)
        {
            var left = Duration - timeProvider.GetElapsedTime(Since);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }
}
