using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>Another process's Lease, followed for all contenders of this process that wait for locks which name it.</summary>
/// <remarks>
/// One for all of them: ten thousand standbys of one leader cost one watch, and are woken only when the Lease is over. A silent Lease is ended
/// here, once, by compare-and-swap. Only then may anyone take the locks that name it: a watch of it that is hung never makes a living leader
/// lose, because the end is refused.
/// </remarks>
internal sealed class HolderLease : IHolder
{
    private readonly HeartbeatContext _context;
    private readonly LeaseReference _reference;
    private readonly ObjectKey _key;
    private readonly LockWatch _watch;
    private readonly WatchSubscription _subscription;
    private readonly HolderPod? _pod;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<HolderEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _loop;
    private Observation? _observed;
    private (string? Uid, string? Holder, DateTime? RenewTime, string? EndedBy)? _last;
    private long _since;
    private TimeSpan _duration;
    private bool _wasAlive;
    private (Exception Exception, long Since)? _failure;

    /// <param name="context">What the heartbeats of the process share.</param>
    /// <param name="reference">The Lease.</param>
    /// <param name="subscription">Its watch.</param>
    /// <param name="pod">The Pod that proves the death of its process, if one is named.</param>
    public HolderLease(HeartbeatContext context, LeaseReference reference, WatchSubscription subscription, HolderPod? pod)
    {
        _pod = pod;
        _context = context;
        _reference = reference;
        _key = new ObjectKey(context.Namespace, reference.Name);
        _subscription = subscription;
        _watch = new LockWatch(subscription, context.TimeProvider);
        _duration = Longer(context.Options.LeaseDuration, reference.Duration);
        _loop = TaskExtensions.RunDetached(RunAsync);
    }

    /// <summary>Completes when the Lease is over: ended by anyone, or gone for its duration.</summary>
    public Task<HolderEnd> End => _end.Task;

    /// <summary>Why the Lease cannot be watched, or cannot be ended although it is silent.</summary>
    public LastingFailure? Failure =>
        _failure is var (exception, since) ? new LastingFailure(exception, _context.TimeProvider.GetElapsedTime(since)) : _subscription.LastingFailure;

    public bool IsOnlySign => true;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        if (_pod is not null)
        {
            await _pod.DisposeAsync().ConfigureAwait(false);
        }

        await _subscription.DisposeAsync().ConfigureAwait(false);
        _end.TrySetCanceled(CancellationToken.None);
    }

    private async Task RunAsync()
    {
        try
        {
            while (!_end.Task.IsCompleted)
            {
                await StepAsync(_stop.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The last contender has left, or the watches were disposed.
        }
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        // 1. The newest state, from the watch.
        if (_watch.Current is null)
        {
            await _watch.WaitForChangeAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (!ReferenceEquals(_observed, _watch.Current))
        {
            _observed = _watch.Current;
            Observe(_observed.ConfigMap, _observed.Timestamp);
        }

        if (_last!.Value is { Uid: not null, EndedBy: not null })
        {
            _ = TaskExtensions.RunDetached(() => _context.DeleteLaterAsync(_key, _reference.Uid, _duration));
            _end.TrySetResult(new(_since, _wasAlive));
            return;
        }

        // 2. Anything else counts for a lease from its last change on this clock: a renewal, a deletion, an edit. Unless its process is dead.
        var left = _duration - _context.TimeProvider.GetElapsedTime(_since);
        if (left > TimeSpan.Zero && _pod?.End is not { IsCompletedSuccessfully: true, Result.WasAlive: true })
        {
            var changed = _pod?.End is { IsCompleted: false } death ? Task.WhenAny(_watch.Changed, death) : _watch.Changed;
            await changed.EndsWithinAsync(left, _context.TimeProvider, cancellationToken).ConfigureAwait(false);
            if (_watch.Changed.IsCompleted)
            {
                await _watch.WaitForChangeAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            }

            return;
        }

        if (_last.Value.Uid is null)
        {
            // 3. Gone for a lease, or dead: its process has missed its deadline, or has noticed.
            _end.TrySetResult(new(_context.TimeProvider.GetTimestamp(), _wasAlive));
            return;
        }

        // 4. Silent. A late renewal refuses this, or is refused by it.
        await TryEndAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Observe(ConfigMap? lease, long timestamp)
    {
        // Another Lease under the same name is not the one that the lock names: that one is gone.
        lease = lease?.Uid == _reference.Uid ? lease : null;
        (string? Uid, string? Holder, DateTime? RenewTime, string? EndedBy) now =
            (lease?.Uid, lease?.Lease?.HolderIdentity, lease?.Lease?.RenewTime, lease?.Annotation(HaNames.EndedByAnnotation));
        if (_last == now)
        {
            return;
        }

        (_last, _since, _failure) = (now, timestamp, null);
        _wasAlive |= now is { Uid: not null, EndedBy: null };
        _duration = Longer(_duration, lease?.Lease?.Duration ?? TimeSpan.Zero);
    }

    private static TimeSpan Longer(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private async Task TryEndAsync(CancellationToken cancellationToken)
    {
        var lease = _observed!.ConfigMap!;
        var result = await _context.Requests.EndAsync(_key, lease.ResourceVersion!, _context.Identity).ConfigureAwait(false);
        switch (result.Outcome)
        {
            case LockWriteOutcome.Written:
                Log.HolderLeaseEnded(_context.Logger, _key, lease.Lease?.HolderIdentity);
                _ = TaskExtensions.RunDetached(() => _context.DeleteLaterAsync(_key, _reference.Uid, _duration));
                _end.TrySetResult(new(_context.TimeProvider.GetTimestamp(), _wasAlive));
                return;
            case LockWriteOutcome.Failed:
                if (_failure is null)
                {
                    Log.HolderLeaseNotEnded(_context.Logger, result.Error, _key);
                }

                _failure = (result.Error!, _failure?.Since ?? _context.TimeProvider.GetTimestamp());
                await _watch.WaitForChangeAsync(_context.Options.RetryPeriod, cancellationToken).ConfigureAwait(false);
                return;
        }

        // Refused: it was renewed, ended or deleted, which the watch usually reports at once. Unknown: it may be ended. Ask, if the watch lags.
        if (await _watch.WaitForChangeAsync(_context.RetryDelay(), cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        var (read, error) = await _context.Requests.ReadAsync(_key, cancellationToken).ConfigureAwait(false);
        if (error is null)
        {
            var now = _context.TimeProvider.GetTimestamp();
            _observed = new Observation(read, now, 0);
            Observe(read, now);
        }
    }
}
