namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>A process whose monotonic clock runs too fast or too slow, and whose wall clock is off.</summary>
internal sealed class SkewedTimeProvider(TimeProvider inner, double rate, TimeSpan wallClockError) : TimeProvider
{
    private readonly long _start = inner.GetTimestamp();

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + wallClockError;

    public override long GetTimestamp() => _start + (long)((inner.GetTimestamp() - _start) * rate);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new SkewedTimer(inner.CreateTimer(callback, state, Real(dueTime), Real(period)), this);

    private TimeSpan Real(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time / rate;

    private sealed class SkewedTimer(ITimer timer, SkewedTimeProvider clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(clock.Real(dueTime), clock.Real(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
