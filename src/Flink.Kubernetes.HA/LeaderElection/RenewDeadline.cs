namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Ends a term when its last successful renewal was sent too long ago, whatever hangs meanwhile.</summary>
internal sealed class RenewDeadline : IAsyncDisposable
{
    private readonly TimeSpan _limit;
    private readonly TimeProvider _timeProvider;
    private readonly Action _passed;
    private readonly ITimer _timer;
    private long _renewedAt;

    public RenewDeadline(TimeSpan limit, long renewedAt, TimeProvider timeProvider, Action passed)
    {
        _limit = limit;
        _renewedAt = renewedAt;
        _timeProvider = timeProvider;
        _passed = passed;
        _timer = timeProvider.CreateTimer(_ => Check(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Arm();
    }

    public TimeSpan SinceRenewal => _timeProvider.GetElapsedTime(Volatile.Read(ref _renewedAt));

    /// <summary>Whether it has passed by the clock, also when the timer has not fired yet, as after a pause of the process.</summary>
    public bool HasPassed => SinceRenewal >= _limit;

    public void Renewed(long sentAt)
    {
        if (HasPassed)
        {
            // The answer has come too late: who has seen that the deadline passed must not see the term come back.
            _passed();
            return;
        }

        // An answer that comes late may tell of an older renewal than is known already.
        var known = Volatile.Read(ref _renewedAt);
        while (sentAt > known)
        {
            var seen = Interlocked.CompareExchange(ref _renewedAt, sentAt, known);
            if (seen == known)
            {
                break;
            }

            known = seen;
        }

        Arm();
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Check()
    {
        if (HasPassed)
        {
            _passed();
        }
        else
        {
            Arm();
        }
    }

    private void Arm()
    {
        var left = _limit - SinceRenewal;

        // Rounded up to the timer's milliseconds, so that it does not wake just before the time.
        _timer.Change(left > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
