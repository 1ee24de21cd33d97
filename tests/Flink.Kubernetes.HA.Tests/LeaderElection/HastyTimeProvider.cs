namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>A clock whose timers fire early, as those of a coarse system clock do.</summary>
internal sealed class HastyTimeProvider(TimeProvider inner, TimeSpan haste) : TimeProvider
{
    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new HastyTimer(inner.CreateTimer(callback, state, Early(dueTime), period), this);

    // Short waits stay as they are, or none would ever end late enough.
    private TimeSpan Early(TimeSpan time) => time > haste * 2 ? time - haste : time;

    private sealed class HastyTimer(ITimer timer, HastyTimeProvider clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(clock.Early(dueTime), period);

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
