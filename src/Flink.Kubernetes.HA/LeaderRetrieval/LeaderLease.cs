using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>The Lease by which a leader lives, followed beside its lock, which is not renewed then.</summary>
internal sealed class LeaderLease(Func<LeaseReference, WatchSubscription> subscribe) : IAsyncDisposable
{
    private LeaseReference? _followed;
    private WatchSubscription? _subscription;
    private Task<WatchState>? _next;
    private bool _isObserved;

    /// <summary>Completes when the Lease has changed; <see langword="null"/> if there is none.</summary>
    public Task<WatchState>? Next => _subscription is null ? null : _next ??= _subscription.NextAsync(CancellationToken.None).AsTask().Observed();

    /// <summary>Lists once more, if there is a Lease.</summary>
    public Task RelistAsync() => _subscription is null or { Failure: not null } ? Task.CompletedTask : _subscription.RelistAsync();

    /// <summary>Why the Lease cannot be watched.</summary>
    public Exception? Failure => _subscription?.Failure;

    /// <summary>The same with its duration.</summary>
    public LastingFailure? LastingFailure => Volatile.Read(ref _subscription)?.LastingFailure;

    public async ValueTask FollowAsync(LeaseReference? lease)
    {
        if (lease == _followed)
        {
            return;
        }

        var old = _subscription;
        (_followed, _subscription, _next, _isObserved) = (lease, lease is null ? null : subscribe(lease), null, false);
        if (old is not null)
        {
            await old.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Takes the change, if there is one.</summary>
    public bool TryTake()
    {
        if (_next is not { IsCompleted: true })
        {
            return false;
        }

        _next = null;
        return true;
    }

    /// <summary>Completes what the lock says of its leader's being alive by what the Lease says.</summary>
    /// <param name="heartbeat">What the lock says.</param>
    /// <param name="isFirst">Whether this is the first that is seen of the Lease, which may have been silent for long.</param>
    public Heartbeat Complete(Heartbeat heartbeat, out bool isFirst)
    {
        isFirst = false;
        if (_followed is null)
        {
            return heartbeat;
        }

        // A Lease that is gone or was ended, or another one under its name, is no sign of life.
        var lease = _subscription?.Current?.ConfigMap;
        var lives = lease?.Uid == _followed.Uid && lease?.Annotation(HaNames.EndedByAnnotation) is null;
        isFirst = lives && !_isObserved;
        _isObserved |= lives;
        return heartbeat with { Record = lives ? lease!.ResourceVersion : null, Lease = lease?.Lease?.Duration ?? heartbeat.Lease };
    }

    public ValueTask DisposeAsync() => FollowAsync(null);
}
