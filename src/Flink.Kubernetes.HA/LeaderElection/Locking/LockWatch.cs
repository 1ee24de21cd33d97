using Flink.Kubernetes.HA.ConfigMaps.Watching;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>The election's view of its ConfigMap, used by the contender and by the term in turn.</summary>
internal sealed class LockWatch(WatchSubscription subscription, TimeProvider timeProvider)
{
    private Task<WatchState>? _next;

    public Observation? Current => subscription.Current;

    /// <summary>Completes when there is something that was not taken yet, or when the watch has ended.</summary>
    /// <remarks>The pending read survives waits that time out: a change that arrives between two of them completes it and is not missed.</remarks>
    public Task Changed => _next ??= NextAsync();

    /// <summary>Takes the change, if there is one, so that <see cref="Changed"/> waits for the next.</summary>
    public bool TryTake()
    {
        if (_next is not { IsCompletedSuccessfully: true })
        {
            return false;
        }

        _next = null;
        return true;
    }

    /// <summary>Waits for a change, at most for the limit, and returns whether there was one.</summary>
    public async Task<bool> WaitForChangeAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        var next = Changed;
        if (!await next.EndsWithinAsync(limit, timeProvider, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        _next = null;
        await next.ConfigureAwait(false);
        return true;
    }

    private Task<WatchState> NextAsync()
    {
        // The pending read can fail after its last waiter has timed out; its exception must not surface as unobserved.
        return subscription.NextAsync(CancellationToken.None).AsTask().Observed();
    }
}

/// <summary>Limits how often something may happen in a period; what is within the limit is not delayed.</summary>
internal sealed class Pace(int times, TimeSpan period, TimeProvider timeProvider)
{
    private readonly Queue<long> _latest = new();

    /// <summary>How long it must wait now.</summary>
    public TimeSpan Left()
    {
        var left = _latest.Count < times ? TimeSpan.Zero : period - timeProvider.GetElapsedTime(_latest.Peek());
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>Counts one occurrence.</summary>
    public void Count()
    {
        _latest.Enqueue(timeProvider.GetTimestamp());
        if (_latest.Count > times)
        {
            _latest.Dequeue();
        }
    }
}
