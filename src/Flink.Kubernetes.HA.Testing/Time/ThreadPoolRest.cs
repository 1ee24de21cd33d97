namespace Flink.Kubernetes.HA.Testing.Time;

/// <summary>Waits until the process's thread pool has nothing left to do.</summary>
internal static class ThreadPoolRest
{
    private const int QuietLooks = 4;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    // One clock at a time: two that wait for one pool to rest would disturb each other.
    private static readonly Lock Gate = new();

    /// <summary>Returns when the pool rests.</summary>
    /// <exception cref="TimeoutException">It did not rest within 30 seconds of real time.</exception>
    public static void Wait(CancellationToken cancellationToken)
    {
        lock (Gate)
        {
            var start = TimeProvider.System.GetTimestamp();
            var completed = -1L;
            for (var quiet = 0; quiet < QuietLooks; cancellationToken.ThrowIfCancellationRequested())
            {
                Thread.Yield();
                var nowCompleted = ThreadPool.CompletedWorkItemCount;
                if (ThreadPool.PendingWorkItemCount == 0 && nowCompleted == completed && (BusyWorkers() == 0 || BlockedThreads.AllSleep()))
                {
                    quiet++;
                }
                else
                {
                    quiet = 0;
                    if (TimeProvider.System.GetElapsedTime(start) > Limit)
                    {
                        throw new TimeoutException("The thread pool did not come to rest: something in the process runs on without waiting for simulated time.");
                    }
                }

                completed = nowCompleted;
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
