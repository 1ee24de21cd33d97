using System.Collections.Concurrent;

namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>Watches the renew deadlines of the process on a thread of its own, because the thread pool may be starved.</summary>
/// <remarks>
/// A timer of the system needs a pool thread for its callback. If user code blocks all of them, a leader would learn of its end only
/// after another process leads. Clocks of tests have no thread: their timers are used as they are.
/// </remarks>
internal sealed class DeadlineThread
{
    private static readonly Lazy<DeadlineThread> Shared = new(() => new DeadlineThread());
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromMilliseconds(50);

    private readonly object _gate = new();
    private readonly PriorityQueue<OwnTimer, long> _timers = new();

    private DeadlineThread() => new Thread(Run) { IsBackground = true, Name = "Flink.Kubernetes.HA deadlines", Priority = ThreadPriority.AboveNormal }.Start();

    /// <summary>Creates a timer for one callback at a time; it must be armed again after each.</summary>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="callback">Called on the thread of the deadlines: it must not run user code.</param>
    public static DeadlineTimer Create(TimeProvider timeProvider, Action callback) =>
        timeProvider == TimeProvider.System ? new OwnTimer(callback) : new ProviderTimer(timeProvider, callback);

    /// <summary>Runs work on the thread pool, or on a thread of its own if the pool does not begin anything in time.</summary>
    /// <param name="timeProvider">The clock of the timer that fired.</param>
    /// <param name="work">The work; it is given whether the pool is starved.</param>
    public static void RunUrgently(TimeProvider timeProvider, Action<bool> work)
    {
        if (timeProvider == TimeProvider.System && PoolProbe.IsStarved(ProbeTimeout))
        {
            RunOnOwnThread(() => work(true));
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(static work => work(false), work, preferLocal: false);
        }
    }

    /// <summary>Runs work on one of a few threads that were made for it.</summary>
    public static void RunOnOwnThread(Action work) => RescueThreads.Run(work);

    /// <summary>The time in milliseconds, as in the clock of the deadlines.</summary>
    private static long Now() => (long)TimeProvider.System.GetElapsedTime(0).TotalMilliseconds;

    private void Arm(OwnTimer timer, TimeSpan delay)
    {
        var due = Now() + (long)Math.Ceiling(Math.Max(delay.TotalMilliseconds, 0));
        lock (_gate)
        {
            _timers.Enqueue(timer, due);
            Monitor.Pulse(_gate);
        }
    }

    private void Run()
    {
        while (true)
        {
            Next().Fire();
        }
    }

    private OwnTimer Next()
    {
        lock (_gate)
        {
            while (true)
            {
                if (!_timers.TryPeek(out _, out var due))
                {
                    Monitor.Wait(_gate);
                }
                else if (due - Now() is > 0 and var left)
                {
                    Monitor.Wait(_gate, TimeSpan.FromMilliseconds(Math.Min(left, int.MaxValue)));
                }
                else
                {
                    return _timers.Dequeue();
                }
            }
        }
    }

    private sealed class OwnTimer(Action callback) : DeadlineTimer
    {
        // Let go at the disposal: the timer itself stays in the queue until it is due.
        private volatile Action? _callback = callback;

        public override void Arm(TimeSpan delay) => Shared.Value.Arm(this, delay);

        public override ValueTask DisposeAsync()
        {
            _callback = null;
            return ValueTask.CompletedTask;
        }

        public void Fire() => _callback?.Invoke();
    }

    private sealed class ProviderTimer : DeadlineTimer
    {
        /// <summary>Timers cannot wait longer; it is armed again for the rest.</summary>
        private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

        private readonly ITimer _timer;

        public ProviderTimer(TimeProvider timeProvider, Action callback) =>
            _timer = timeProvider.CreateTimer(static callback => ((Action)callback!)(), callback, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // Timers have a resolution of one millisecond. Rounded up, or the timer would fire just before the deadline and spin.
        public override void Arm(TimeSpan delay) =>
            _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(Math.Clamp(delay.TotalMilliseconds, 0, Longest.TotalMilliseconds))), Timeout.InfiniteTimeSpan);

        public override ValueTask DisposeAsync() => _timer.DisposeAsync();
    }

    /// <summary>Asks the thread pool to run something, and remembers for a moment whether it did.</summary>
    private static class PoolProbe
    {
        private static long _knownUntil;
        private static bool _starved;

        // Called on the one thread of the deadlines only.
        public static bool IsStarved(TimeSpan timeout)
        {
            if (Now() >= _knownUntil)
            {
                var ran = new ManualResetEventSlim();
                ThreadPool.UnsafeQueueUserWorkItem(static ran => ran.Set(), ran, preferLocal: false);
                _starved = !ran.Wait(timeout);
                _knownUntil = Now() + (long)timeout.TotalMilliseconds;
            }

            return _starved;
        }
    }

    /// <summary>A few threads for the callbacks of lost terms while the thread pool is starved; one that hangs does not hold up the rest.</summary>
    private static class RescueThreads
    {
        private const int Most = 16;

        private static readonly ConcurrentQueue<Action> Waiting = new();
        private static int _running;

        public static void Run(Action work)
        {
            Waiting.Enqueue(work);
            Start();
        }

        private static void Start()
        {
            if (Interlocked.Increment(ref _running) <= Most)
            {
                new Thread(Drain) { IsBackground = true, Name = "Flink.Kubernetes.HA lost terms" }.Start();
            }
            else
            {
                Interlocked.Decrement(ref _running);
            }
        }

        private static void Drain()
        {
            while (Waiting.TryDequeue(out var work))
            {
                work();
            }

            Interlocked.Decrement(ref _running);
            if (!Waiting.IsEmpty)
            {
                // Enqueued after the last look, by a caller who still counted this thread.
                Start();
            }
        }
    }
}

/// <summary>A timer that calls back once each time it is armed.</summary>
internal abstract class DeadlineTimer : IAsyncDisposable
{
    public abstract void Arm(TimeSpan delay);

    public abstract ValueTask DisposeAsync();
}
