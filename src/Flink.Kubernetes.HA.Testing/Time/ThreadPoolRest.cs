namespace Flink.Kubernetes.HA.Testing.Time;

/// <summary>Waits until the process's thread pool has nothing left to do.</summary>
internal static class ThreadPoolRest
{
    private const int QuietLooks = 4;
    private static readonly TimeSpan BlockedWorkerPatience = TimeSpan.FromSeconds(2); // On a busy machine a worker may get no processor for long.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    // One clock at a time: two that wait for one pool to rest would disturb each other.
    private static readonly Lock Gate = new();

    // Workers that somebody blocks for good never come to rest; once found out they are not waited for again.
    private static int s_blockedWorkers;

    /// <summary>Returns when the pool rests.</summary>
    /// <exception cref="TimeoutException">It did not rest within 30 seconds of real time.</exception>
    public static void Wait(CancellationToken cancellationToken)
    {
        lock (Gate)
        {
            var start = TimeProvider.System.GetTimestamp();
            var unchangedSince = start;
            var (completed, busy) = (-1L, -1);
            for (var quiet = 0; quiet < QuietLooks; cancellationToken.ThrowIfCancellationRequested())
            {
                Thread.Yield();
                var (nowCompleted, nowBusy) = (ThreadPool.CompletedWorkItemCount, BusyWorkers());
                var unchanged = ThreadPool.PendingWorkItemCount == 0 && nowCompleted == completed && nowBusy == busy;
                (completed, busy) = (nowCompleted, nowBusy);
                s_blockedWorkers = Math.Min(s_blockedWorkers, busy);
                if (!unchanged)
                {
                    quiet = 0;
                    unchangedSince = TimeProvider.System.GetTimestamp();
                    if (TimeProvider.System.GetElapsedTime(start) > Limit)
                    {
                        throw new TimeoutException("The thread pool did not come to rest: something in the process runs on without waiting for simulated time.");
                    }
                }
                else if (busy <= s_blockedWorkers)
                {
                    quiet++;
                }
                else if (TimeProvider.System.GetElapsedTime(unchangedSince) > BlockedWorkerPatience)
                {
                    s_blockedWorkers = busy;
                }
            }
        }
    }

    private static int BusyWorkers()
    {
        ThreadPool.GetMaxThreads(out var all, out _);
        ThreadPool.GetAvailableThreads(out var available, out _);
        return all - available;
    }
}
