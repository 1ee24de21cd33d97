namespace Flink.Kubernetes.HA.Testing.Time;

/// <summary>The clock of another machine: it runs at another rate and shows another wall-clock time.</summary>
internal sealed class SkewedTimeProvider(ManualTimeProvider origin, double rate, TimeSpan wallClockOffset) : TimeProvider
{
    private readonly long _start = origin.GetTimestamp();

    public override long TimestampFrequency => origin.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => _start + Elapsed(rate);

    public override DateTimeOffset GetUtcNow() => origin.GetUtcNow() + wallClockOffset + TimeSpan.FromTicks(Elapsed(rate - 1));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new SkewedTimer(origin.CreateTimer(callback, state, ToOrigin(dueTime), ToOrigin(period)), this);

    private long Elapsed(double atRate) => (long)Math.Floor((origin.GetTimestamp() - _start) * atRate);

    // Upwards, so that no timer fires before its time on this clock.
    private TimeSpan ToOrigin(TimeSpan time) => time <= TimeSpan.Zero ? time : TimeSpan.FromTicks((long)Math.Ceiling(time.Ticks / rate) + 1);

    private sealed class SkewedTimer(ITimer timer, SkewedTimeProvider clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(clock.ToOrigin(dueTime), clock.ToOrigin(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
