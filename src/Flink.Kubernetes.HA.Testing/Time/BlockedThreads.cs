namespace Flink.Kubernetes.HA.Testing.Time;

/// <summary>Tells a worker that somebody blocks from one that waits for a processor: on a busy machine both stand still.</summary>
internal static class BlockedThreads
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan PauseWithoutProcfs = TimeSpan.FromMilliseconds(250);
    private static readonly bool HasProcfs = Directory.Exists("/proc/thread-self");

    /// <summary>Whether no thread of the process but this one runs or could run, now and a moment later.</summary>
    public static bool AllSleep()
    {
        if (!HasProcfs)
        {
            Wait(PauseWithoutProcfs);
            return true;
        }

        if (AnyOtherRuns())
        {
            return false;
        }

        Wait(Pause);
        return !AnyOtherRuns();
    }

    // A real pause on this thread, which is not the pool's: simulated time stands still here.
    private static void Wait(TimeSpan time)
    {
        using var never = new ManualResetEventSlim();
        never.Wait(time);
    }

    private static bool AnyOtherRuns()
    {
        var running = 0;
        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                var stat = File.ReadAllText(Path.Combine(task, "stat"));
                var state = stat[stat.LastIndexOf(')') + 2];
                running += state is 'R' or 'D' ? 1 : 0;
            }
            catch (IOException)
            {
                // The thread has ended meanwhile.
            }
        }

        // This thread is the one that runs.
        return running > 1;
    }
}
