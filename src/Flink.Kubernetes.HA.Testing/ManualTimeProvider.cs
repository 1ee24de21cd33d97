using Flink.Kubernetes.HA.Testing.Time;

namespace Flink.Kubernetes.HA.Testing;

/// <summary>A clock that moves only when a test moves it; the wall clock can be stepped apart from the monotonic one.</summary>
/// <remarks>
/// <para>For a unit that is alone with its clock, <c>FakeTimeProvider</c> of Microsoft.Extensions.TimeProvider.Testing does. This one is for many
/// parts that run together, and differs where that matters: a wall clock that is stepped leaves the monotonic one alone (there, both are one);
/// timers fire on the thread pool and not on the thread that moves the clock, so that no code under test runs inside of the test's call;
/// each sees the time at which it was due and not the end of the move; and <see cref="AdvanceAsync"/> waits for what they set off.
/// None of that can be added from outside, so this is no subclass of it.</para>
/// <para><see cref="Advance"/> returns at once; <see cref="AdvanceAsync"/> visits every due time and lets the process come to rest before it
/// continues, so that whole clusters run in simulated time.</para>
/// <para>Rest is judged by the process's thread pool: tests that keep it busy should not run at the same time, and what is
/// under way outside of it (sockets, other processes) is not waited for.</para>
/// </remarks>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly SortedSet<ManualTimer> _armed = new(ManualTimer.ByDueTime);
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiters = [];
    private long _ticks = TimeSpan.FromHours(1).Ticks; // Not zero: an unset timestamp must not look like "now".
    private long _wallClockTicks;
    private long _sequence;

    /// <summary>Creates a clock that does not move by itself.</summary>
    /// <param name="start">The first time of the wall clock; default: 2025-01-01 00:00 UTC.</param>
    public ManualTimeProvider(DateTimeOffset? start = null) =>
        _wallClockTicks = (start ?? new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero)).UtcTicks;

    /// <summary>The ticks of <see cref="GetTimestamp"/> per second: 10 million.</summary>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>UTC.</summary>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers are armed.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_gate)
            {
                return _armed.Count;
            }
        }
    }

    /// <summary>Returns the time of the wall clock.</summary>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return new DateTimeOffset(_wallClockTicks, TimeSpan.Zero);
        }
    }

    /// <summary>Returns the time of the monotonic clock.</summary>
    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    /// <summary>Creates a timer on the monotonic clock; its callback runs on the thread pool.</summary>
    /// <param name="callback">What to run.</param>
    /// <param name="state">What the callback is given.</param>
    /// <param name="dueTime">The time to the first run, or <see cref="Timeout.InfiniteTimeSpan"/> for none.</param>
    /// <param name="period">The time between runs, or <see cref="Timeout.InfiniteTimeSpan"/> for a single one.</param>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Creates the clock of another machine: it moves with this one, but not as fast or as slow.</summary>
    /// <param name="rate">Its seconds per second of this clock; above zero, such as 1.01.</param>
    /// <param name="wallClockOffset">How far its wall clock is ahead; negative for behind.</param>
    public TimeProvider CreateSkewed(double rate, TimeSpan wallClockOffset = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(rate, 0);
        return new SkewedTimeProvider(this, rate, wallClockOffset);
    }

    /// <summary>Moves only the wall clock, as an operator or NTP does: no timer fires.</summary>
    /// <param name="step">How far; negative for back.</param>
    public void StepWallClock(TimeSpan step)
    {
        lock (_gate)
        {
            _wallClockTicks += step.Ticks;
        }
    }

    /// <summary>Moves both clocks, queues the timers that are due, in order, and returns without waiting for them.</summary>
    /// <param name="duration">How far; zero or more.</param>
    public void Advance(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        var end = GetTimestamp() + duration.Ticks;
        do
        {
            MoveTo(Math.Min(NextDueTime() ?? end, end));
        }
        while (GetTimestamp() < end || NextDueTime() <= end);
    }

    /// <summary>Moves both clocks from due time to due time and lets the process come to rest at each.</summary>
    /// <param name="duration">How far; zero or more.</param>
    /// <param name="step">Timers that are due within one step fire together at its end; default: each at its exact time.</param>
    /// <param name="cancellationToken">Stops the clock where it is.</param>
    /// <exception cref="TimeoutException">The process did not come to rest within 30 seconds of real time.</exception>
    public Task AdvanceAsync(TimeSpan duration, TimeSpan? step = null, CancellationToken cancellationToken = default) =>
        AdvanceUntilAsync(static () => false, duration, step, cancellationToken);

    /// <summary>As <see cref="AdvanceAsync"/>, but stops as soon as the condition holds.</summary>
    /// <param name="condition">Looked at before the first move and whenever the process has come to rest.</param>
    /// <param name="limit">How far to go at most.</param>
    /// <param name="step">Timers that are due within one step fire together at its end; default: each at its exact time.</param>
    /// <param name="cancellationToken">Stops the clock where it is.</param>
    /// <returns>Whether the condition holds; <see langword="false"/> when the limit was reached without it.</returns>
    /// <exception cref="TimeoutException">The process did not come to rest within 30 seconds of real time.</exception>
    public Task<bool> AdvanceUntilAsync(Func<bool> condition, TimeSpan limit, TimeSpan? step = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(step ?? TimeSpan.Zero, TimeSpan.Zero, nameof(step));

        // A thread of its own: the pool must be able to come to rest while this looks on.
        return Task.Factory.StartNew(
            () => Run(condition, limit, step ?? TimeSpan.Zero, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
            TaskScheduler.Default);
    }

    /// <summary>Waits until at least so many timers are armed, without moving the clock.</summary>
    /// <param name="count">How many.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public Task WaitForTimersAsync(int count, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_armed.Count >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((count, reached));
            return reached.Task.WaitAsync(cancellationToken);
        }
    }

    internal void Arm(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        bool dueNow;
        lock (_gate)
        {
            _armed.Remove(timer);
            timer.Period = period > TimeSpan.Zero ? period.Ticks : 0;
            timer.Sequence = _sequence++;
            dueNow = dueTime == TimeSpan.Zero;
            if (dueNow && timer.Period > 0)
            {
                Schedule(timer, _ticks + timer.Period);
            }
            else if (!dueNow && dueTime != Timeout.InfiniteTimeSpan)
            {
                Schedule(timer, _ticks + dueTime.Ticks);
            }
        }

        if (dueNow)
        {
            timer.Fire();
        }
    }

    internal void Disarm(ManualTimer timer)
    {
        lock (_gate)
        {
            _armed.Remove(timer);
        }
    }

    private void Schedule(ManualTimer timer, long dueTime)
    {
        timer.DueTime = dueTime;
        _armed.Add(timer);
        for (var i = _waiters.Count - 1; i >= 0; i--)
        {
            if (_armed.Count >= _waiters[i].Count)
            {
                _waiters[i].Reached.TrySetResult();
                _waiters.RemoveAt(i);
            }
        }
    }

    private bool Run(Func<bool> condition, TimeSpan limit, TimeSpan step, CancellationToken cancellationToken)
    {
        var end = GetTimestamp() + limit.Ticks;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ThreadPoolRest.Wait(cancellationToken);
            if (condition())
            {
                return true;
            }

            var now = GetTimestamp();
            var next = Math.Min(NextDueTime() ?? long.MaxValue, end);
            if (now >= end && (NextDueTime() ?? long.MaxValue) > end)
            {
                return false;
            }

            var target = Math.Min(Math.Max(next, next - now < step.Ticks ? now + step.Ticks : next), end);
            MoveTo(target);
        }
    }

    private long? NextDueTime()
    {
        lock (_gate)
        {
            return _armed.Min?.DueTime;
        }
    }

    private void MoveTo(long target)
    {
        var due = new List<ManualTimer>();
        lock (_gate)
        {
            _wallClockTicks += Math.Max(target - _ticks, 0);
            Interlocked.Exchange(ref _ticks, Math.Max(target, _ticks));
            while (_armed.Min is { } timer && timer.DueTime <= _ticks)
            {
                _armed.Remove(timer);
                due.Add(timer);
                if (timer.Period > 0)
                {
                    timer.DueTime += timer.Period;
                    _armed.Add(timer);
                }
            }
        }

        foreach (var timer in due)
        {
            timer.Fire();
        }
    }
}
