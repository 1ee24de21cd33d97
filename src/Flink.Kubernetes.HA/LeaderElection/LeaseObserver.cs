namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Counts how long somebody else may lead: from when the last change was observed, on this process's monotonic clock.</summary>
/// <remarks>
/// <para>A lock that is held is waited for as long as its lease says, and what it says must not change meanwhile.</para>
/// <para>A ConfigMap that was created anew tells nothing of leaders in those before it, which may not have heard of their
/// deletion yet. So a process that has seen another one waits a lease in the new one, which nobody may take meanwhile
/// without its version changing. Only the process that has led in it until now need not wait: nobody else can have begun.</para>
/// <para>A process that has never seen one does not wait either, or every first start would take a lease.</para>
/// </remarks>
internal sealed class LeaseObserver(LeaderElectionOptions options, string ownIdentity, TimeProvider timeProvider)
{
    private (string? Uid, string? Annotation, string? Version)? _lastSeen;
    private bool _hasSeenOne;
    private long? _ownDeletedTermRenewedAt;
    private (long Since, TimeSpan Lease)? _anew;
    private TimeSpan _lease;
    private long _since;

    /// <summary>The lock as last observed, or <see langword="null"/> when the ConfigMap does not exist.</summary>
    public LockState? State { get; private set; }

    /// <summary>The largest fencing token that was seen.</summary>
    public long LastFencingToken { get; private set; }

    /// <summary>Whether the lock is held by this process, by a write of its latest term or of one after it.</summary>
    /// <remarks>An older term of its own that stands again was put back from a copy: another process may have led since, and may still.</remarks>
    public bool IsMine => State?.Record.HolderIdentity == ownIdentity && !IsFromCopy(State, LastFencingToken);

    /// <summary>Says that a term of this process has ended because its ConfigMap was deleted, and when its last renewal was sent.</summary>
    public void OwnWasDeleted(long renewedAt) => _ownDeletedTermRenewedAt = renewedAt;

    /// <summary>Takes note of a token of this process's own, whether or not it is ever seen in the ConfigMap.</summary>
    public void HasUsed(long fencingToken) => LastFencingToken = Math.Max(LastFencingToken, fencingToken);

    public void Observe(LockState? state, long timestamp)
    {
        var before = _lastSeen;
        State = state;

        // No record stands twice, but none or junk may: the leader may have put its own back between two looks.
        _lastSeen = state is null ? null : (state.Uid, state.Record.Annotation, state.Record.IsReadable ? null : state.ResourceVersion);
        if (state is null)
        {
            return;
        }

        LastFencingToken = Math.Max(LastFencingToken, state.Term?.FencingToken ?? 0);
        if (before == _lastSeen)
        {
            return;
        }

        var isAnew = _hasSeenOne && before?.Uid != state.Uid;
        _hasSeenOne = true;
        _since = timestamp;
        if (isAnew)
        {
            // Whatever becomes of the new one: for so long a leader in the one before may not have heard.
            _anew = (timestamp, _lease > options.LeaseDuration ? _lease : options.LeaseDuration);
        }

        if (IsMine || state.IsFree)
        {
            _lease = TimeSpan.Zero;
        }
        else if (state.Record.IsReadable && !state.IsFree)
        {
            _lease = state.Record.LeaseDuration ?? options.LeaseDuration;
            _ownDeletedTermRenewedAt = null;
        }
        else
        {
            _lease = _lease > options.LeaseDuration ? _lease : options.LeaseDuration;
        }
    }

    /// <summary>How long somebody else may still lead: zero when the lock is free, one's own, or its lease has run out.</summary>
    public TimeSpan Remaining()
    {
        if (State is null || (State.IsFree && HasLedUntilNow()))
        {
            // Creating it harms nobody; it is taking it that waits.
            return TimeSpan.Zero;
        }

        var remaining = Left(_lease, _since);
        var afterAnew = _anew is { } anew ? Left(anew.Lease, anew.Since) : TimeSpan.Zero;
        return remaining > afterAnew ? remaining : afterAnew;
    }

    private TimeSpan Left(TimeSpan lease, long since)
    {
        var left = lease - timeProvider.GetElapsedTime(since);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static bool IsFromCopy(LockState state, long lastFencingToken) => state.Term is { } term && term.FencingToken < lastFencingToken;

    private bool HasLedUntilNow() =>
        _ownDeletedTermRenewedAt is { } renewedAt
        && timeProvider.GetElapsedTime(renewedAt) < options.RenewDeadline - options.RequestTimeout;
}
