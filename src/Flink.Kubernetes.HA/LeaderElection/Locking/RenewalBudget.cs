namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>How many requests to locks the elections of a process have under way, and who is next when the server is too slow for all.</summary>
/// <remarks>
/// <para>Without it, a server that is too slow is sent more requests the slower it is: each one that times out is repeated, each term that
/// is lost is contended for, and in the end no request is answered in time. So the term with the least time left goes first, and one that
/// cannot make it any more is not sent in its place; contention waits while renewals are late; and where nothing succeeds, retries are
/// limited to less than half of what the renewals of a working server would be.</para>
/// <para>Watches, reads of data and fenced writes are not counted here.</para>
/// </remarks>
internal sealed class RenewalBudget(LeaderElectionOptions options, TimeProvider timeProvider) : IDisposable
{
    /// <summary>The number of renewals and acquisitions that are under way at once; as many releases are, beside them.</summary>
    /// <remarks>At 100 ms for each, 640 a second. A server that is slower than that answers no more of them if it is sent more.</remarks>
    public const int MostUnderWay = 64;

    // What a process with few elections may always retry in a second.
    private const double LeastRetries = 16;

    private readonly Lock _gate = new();
    private readonly PriorityQueue<Waiter, long> _renewals = new();
    private readonly PriorityQueue<Waiter, long> _retries = new();
    private readonly Queue<Waiter> _contenders = new();
    private readonly Queue<Waiter> _releases = new();
    private int _elections;
    private int _underWay;
    private int _releasing;
    private bool _isFailing;
    private double _tokens = LeastRetries;
    private long _tokensAt = timeProvider.GetTimestamp();
    private long _pausedUntil = long.MinValue;
    private TimeSpan _latency;
    private ITimer? _timer;

    /// <summary>Whether somebody waits.</summary>
    public bool IsBusy
    {
        get
        {
            lock (_gate)
            {
                return _renewals.Count + _retries.Count + _contenders.Count > 0;
            }
        }
    }

    private double RetriesPerSecond => Math.Max(LeastRetries, 0.4 * _elections / options.RetryPeriod.TotalSeconds);

    /// <summary>Ends its timer. Nothing is refused: a term may be released after the services were disposed.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _timer?.Dispose();
        }
    }

    /// <summary>Counts an election until the result is disposed.</summary>
    public IDisposable Join()
    {
        Interlocked.Increment(ref _elections);
        return new Membership(this);
    }

    /// <summary>Waits until a renewal may be sent, at most until its term has ended by the clock.</summary>
    /// <param name="left">What is left of the renew deadline. The wait counts against it.</param>
    /// <param name="isRetry">Whether the attempt before has failed.</param>
    /// <param name="cancellationToken">The end of the term.</param>
    public ValueTask<Turn> RenewAsync(TimeSpan left, bool isRetry, CancellationToken cancellationToken) =>
        EnterAsync(new Waiter(At(left), isRetry), isRetry ? _retries : _renewals, cancellationToken);

    /// <summary>Waits until a contender may send; renewals that are late go first.</summary>
    public ValueTask<Turn> ContendAsync(CancellationToken cancellationToken) => EnterAsync(new Waiter(long.MaxValue, false), null, cancellationToken);

    /// <summary>Waits until a release may be sent: behind other releases only.</summary>
    public async ValueTask<Turn> ReleaseAsync()
    {
        Waiter? waiter = null;
        lock (_gate)
        {
            if (_releasing < MostUnderWay)
            {
                _releasing++;
            }
            else
            {
                _releases.Enqueue(waiter = new Waiter(long.MaxValue, false));
            }
        }

        if (waiter is not null)
        {
            await waiter.Entered.ConfigureAwait(false);
        }

        return new Turn(this, isRelease: true);
    }

    /// <summary>Returns the time at which a request is sent, for <see cref="Answered"/>.</summary>
    public long Sent() => timeProvider.GetTimestamp();

    /// <summary>Records that the server has answered, whether or not it did what was asked.</summary>
    public void Answered(long sentAt)
    {
        lock (_gate)
        {
            // An average over about ten requests.
            _latency += (timeProvider.GetElapsedTime(sentAt) - _latency) / 10;
            _isFailing = false;
        }
    }

    /// <summary>Records a request without an answer, or one that was answered with a refusal to do anything.</summary>
    public void Failed(Exception exception)
    {
        lock (_gate)
        {
            _isFailing = true;
            if (exception is KubernetesHaException { Failure: KubernetesFailure.TooManyRequests, RetryAfter: { } asked })
            {
                _pausedUntil = Math.Max(_pausedUntil, At(asked < ElectionContext.LongestRetryAfter ? asked : ElectionContext.LongestRetryAfter));
            }
        }
    }

    private async ValueTask<Turn> EnterAsync(Waiter waiter, PriorityQueue<Waiter, long>? queue, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (queue is null)
            {
                _contenders.Enqueue(waiter);
            }
            else
            {
                queue.Enqueue(waiter, waiter.Deadline);
            }

            Admit();
        }

        using var canceled = cancellationToken.UnsafeRegister(static (state, token) => ((Waiter)state!).Cancel(token), waiter);
        return new Turn(await waiter.Entered.ConfigureAwait(false) ? this : null, isRelease: false);
    }

    private void Leave(bool isRelease)
    {
        lock (_gate)
        {
            if (!isRelease)
            {
                _underWay--;
                Admit();
            }
            else if (!_releases.TryDequeue(out var next) || !next.Enter(isCounted: true))
            {
                _releasing--;
            }
        }
    }

    private void Admit()
    {
        var wake = TimeSpan.MaxValue;
        while (_underWay < MostUnderWay && Next(timeProvider.GetTimestamp(), ref wake) is { } next)
        {
            // One whose deadline has passed ends its term, and sends nothing.
            var isCounted = next.Deadline > timeProvider.GetTimestamp();
            if (next.Enter(isCounted) && isCounted)
            {
                _underWay++;
            }
        }

        if (wake < TimeSpan.MaxValue)
        {
            _timer ??= timeProvider.CreateTimer(static state => ((RenewalBudget)state!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(wake.TotalMilliseconds, 1))), Timeout.InfiniteTimeSpan);
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            Admit();
        }
    }

    private Waiter? Next(long now, ref TimeSpan wake)
    {
        Trim(_renewals);
        Trim(_retries);
        while (_contenders.TryPeek(out var gone) && gone.IsCanceled)
        {
            _contenders.Dequeue();
        }

        // 1. A pause that the server asks for is kept by all, except by those who could not make it after it.
        var pause = Until(_pausedUntil, now);
        var queue = Queue(now, ref wake);
        var urgent = queue?.Peek();
        if (pause > TimeSpan.Zero)
        {
            var due = urgent is null ? pause : Shorter(pause, Until(urgent.Deadline, now) - options.RequestTimeout);
            if (urgent is null || due > TimeSpan.Zero)
            {
                wake = urgent is null && _contenders.Count == 0 ? wake : Shorter(wake, due);
                return null;
            }

            return Take(queue!);
        }

        // 2. Contenders, while every renewal that waits has more than half of its time left. So as many terms are acquired as can be kept.
        if (_contenders.Count > 0 && (urgent is null || Until(urgent.Deadline, now) > options.RenewDeadline / 2))
        {
            return _contenders.Dequeue();
        }

        if (urgent is null)
        {
            return null;
        }

        // 3. The term with the least time left that can still make it. The others end at their deadline, or are tried when nobody else waits.
        List<Waiter>? late = null;
        Waiter? next = null;
        while (next is null && queue!.TryDequeue(out var waiter, out _))
        {
            if (waiter.Deadline <= now || Until(waiter.Deadline, now) > _latency)
            {
                next = waiter;
            }
            else
            {
                (late ??= []).Add(waiter);
            }
        }

        next ??= late![^1];
        late?.ForEach(waiter =>
        {
            if (waiter != next)
            {
                queue!.Enqueue(waiter, waiter.Deadline);
            }
        });
        return Taken(next);
    }

    /// <summary>The queue of the more urgent one of the two that may be sent now.</summary>
    private PriorityQueue<Waiter, long>? Queue(long now, ref TimeSpan wake)
    {
        if (_retries.Count == 0)
        {
            return _renewals.Count > 0 ? _renewals : null;
        }

        var left = _isFailing ? UntilToken(now) : TimeSpan.Zero;
        if (left > TimeSpan.Zero && _retries.Peek().Deadline > now)
        {
            wake = Shorter(wake, left);
            return _renewals.Count > 0 ? _renewals : null;
        }

        return _renewals.Count > 0 && _renewals.Peek().Deadline <= _retries.Peek().Deadline ? _renewals : _retries;
    }

    private TimeSpan UntilToken(long now)
    {
        _tokens = Math.Min(
            Math.Max(LeastRetries, RetriesPerSecond / 10), _tokens + (timeProvider.GetElapsedTime(_tokensAt, now).TotalSeconds * RetriesPerSecond));
        _tokensAt = now;
        return _tokens >= 1 ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _tokens) / RetriesPerSecond);
    }

    private Waiter Take(PriorityQueue<Waiter, long> queue) => Taken(queue.Dequeue());

    private Waiter Taken(Waiter waiter)
    {
        _tokens -= waiter.IsRetry && _isFailing ? 1 : 0;
        return waiter;
    }

    private static void Trim(PriorityQueue<Waiter, long> queue)
    {
        while (queue.TryPeek(out var waiter, out _) && waiter.IsCanceled)
        {
            queue.Dequeue();
        }
    }

    private long At(TimeSpan left) => timeProvider.GetTimestamp() + (long)(left.TotalSeconds * timeProvider.TimestampFrequency);

    private TimeSpan Until(long at, long now) => at <= now ? TimeSpan.Zero : timeProvider.GetElapsedTime(now, at);

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <summary>What was admitted; disposed when its requests have ended.</summary>
    internal readonly struct Turn(RenewalBudget? budget, bool isRelease) : IDisposable
    {
        public void Dispose() => budget?.Leave(isRelease);
    }

    private sealed class Waiter(long deadline, bool isRetry)
    {
        private readonly TaskCompletionSource<bool> _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long Deadline => deadline;

        public bool IsRetry => isRetry;

        /// <summary>Whether it is counted as under way.</summary>
        public Task<bool> Entered => _entered.Task;

        public bool IsCanceled => _entered.Task.IsCanceled;

        public bool Enter(bool isCounted) => _entered.TrySetResult(isCounted);

        public void Cancel(CancellationToken cancellationToken) => _entered.TrySetCanceled(cancellationToken);
    }

    private sealed class Membership(RenewalBudget budget) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref budget._elections);
    }
}
