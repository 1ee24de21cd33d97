namespace Flink.Kubernetes.HA.Testing.Time;

/// <summary>A timer of a <see cref="ManualTimeProvider"/>, whose lock guards the due time.</summary>
internal sealed class ManualTimer(ManualTimeProvider provider, TimerCallback callback, object? state) : ITimer, IThreadPoolWorkItem
{
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private readonly Lock _gate = new();
    private int _running;
    private bool _disposed;
    private TaskCompletionSource? _idle;

    public static IComparer<ManualTimer> ByDueTime { get; } = Comparer<ManualTimer>.Create((x, y) =>
        x.DueTime.CompareTo(y.DueTime) is var order and not 0 ? order : x.Sequence.CompareTo(y.Sequence));

    public long DueTime { get; set; }

    public long Period { get; set; }

    public long Sequence { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, Timeout.InfiniteTimeSpan);
        ArgumentOutOfRangeException.ThrowIfLessThan(period, Timeout.InfiniteTimeSpan);
        lock (_gate)
        {
            if (_disposed)
            {
                return false;
            }
        }

        provider.Arm(this, dueTime, period);
        return true;
    }

    /// <summary>Queues the callback: never inline, so that whoever moves the clock runs no one else's code.</summary>
    public void Fire()
    {
        lock (_gate)
        {
            _running++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        bool disposed;
        lock (_gate)
        {
            disposed = _disposed;
        }

        try
        {
            if (disposed)
            {
                return;
            }

            if (_context is null)
            {
                callback(state);
            }
            else
            {
                ExecutionContext.Run(_context, s => callback(s), state);
            }
        }
        finally
        {
            TaskCompletionSource? idle;
            lock (_gate)
            {
                idle = --_running == 0 ? _idle : null;
            }

            idle?.TrySetResult();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
        }

        provider.Disarm(this);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        lock (_gate)
        {
            if (_running == 0)
            {
                return ValueTask.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_idle.Task);
        }
    }
}
