namespace Flink.Kubernetes.HA.LeaderElection;

internal static class Waiting
{
    /// <summary>Waits until the task has ended or the time is over; tells whether the task has ended, without observing its outcome.</summary>
    public static async Task<bool> EndsWithinAsync(this Task task, TimeSpan limit, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        if (task.IsCompleted)
        {
            return true;
        }

        if (limit <= TimeSpan.Zero)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }

        // Timers cut off fractions of a millisecond, and would fire before the time.
        limit = TimeSpan.FromMilliseconds(Math.Ceiling(limit.TotalMilliseconds));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(task, Task.Delay(limit, timeProvider, stop.Token)).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        if (!task.IsCompleted)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return task.IsCompleted;
    }
}
