namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>Ends a term when its last successful renewal was sent too long ago, even while a request hangs or the thread pool is starved.</summary>
internal sealed class RenewDeadline : IAsyncDisposable
{
    private readonly TimeSpan _limit;
    private readonly TimeProvider _timeProvider;
    private readonly Action<bool> _passed;
    private readonly DeadlineTimer _timer;
    private long _renewedAt;

    /// <param name="limit">The time from the sending of a renewal to the end of the term.</param>
    /// <param name="renewedAt">When the acquisition was sent.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="passed">Called when the deadline has passed; it is given whether the thread pool is starved.</param>
    public RenewDeadline(TimeSpan limit, long renewedAt, TimeProvider timeProvider, Action<bool> passed)
    {
        _limit = limit;
        _renewedAt = renewedAt;
        _timeProvider = timeProvider;
        _passed = passed;
        _timer = DeadlineThread.Create(timeProvider, Check);
        _timer.Arm(_limit - SinceRenewal);
    }

    public TimeSpan SinceRenewal => _timeProvider.GetElapsedTime(Volatile.Read(ref _renewedAt));

    /// <summary>Whether the deadline has passed by the clock, even if the timer has not fired yet, as after a pause of the process.</summary>
    public bool HasPassed => SinceRenewal >= _limit;

    /// <summary>Records a renewal that has taken effect.</summary>
    public void Renewed(long sentAt)
    {
        if (HasPassed)
        {
            // The response arrived after the deadline, for example because the process was paused while it was on its way. A
            // contender may have counted the lease from an earlier record and may lead by now, and callers may have seen IsLeading
            // become false: the term must not come back.
            _passed(false);
            return;
        }

        // Responses can arrive out of order: a read can find a later renewal before the response to an earlier one arrives. The
        // deadline only moves forward, and always counts from when the request was sent: contenders observe it after that.
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
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Check()
    {
        // The timer is not moved at each renewal: it fires once per deadline, looks, and is armed for the rest.
        if (HasPassed)
        {
            DeadlineThread.RunUrgently(_timeProvider, _passed);
        }
        else
        {
            _timer.Arm(_limit - SinceRenewal);
        }
    }
}
