using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>The container of another process, followed for all contenders of this process that wait for it: proves that it is dead.</summary>
/// <remarks>
/// Only one thing is a proof: that very container, by its ID, was seen to have ended. A Pod that is not ready, unknown, on a lost node or being
/// deleted may still run its processes; so may one that is gone without having been seen to end, by a forced deletion; and a Pod of the same
/// name with another UID is another one.
/// </remarks>
internal sealed class HolderPod : IHolder
{
    private readonly HeartbeatContext _context;
    private readonly PodReference _reference;
    private readonly LockWatch _watch;
    private readonly WatchSubscription _subscription;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource<HolderEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _loop;
    private bool _wasRunning;

    public HolderPod(HeartbeatContext context, PodReference reference, WatchSubscription subscription)
    {
        (_context, _reference, _subscription) = (context, reference, subscription);
        _watch = new LockWatch(subscription, context.TimeProvider);
        _loop = TaskExtensions.RunDetached(RunAsync);
    }

    /// <summary>Completes when the container was seen to have ended.</summary>
    public Task<HolderEnd> End => _end.Task;

    public bool IsOnlySign => false;

    /// <summary>None: a proof is not needed, and of a watch that is not permitted the log tells.</summary>
    public LastingFailure? Failure => null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        await _subscription.DisposeAsync().ConfigureAwait(false);
        _end.TrySetCanceled(CancellationToken.None);
    }

    private async Task RunAsync()
    {
        try
        {
            while (!_end.Task.IsCompleted)
            {
                if (_watch.Current is { } seen)
                {
                    Observe(seen);
                }

                await _watch.WaitForChangeAsync(Timeout.InfiniteTimeSpan, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The last contender has left, or the watches were disposed.
        }
    }

    private void Observe(Observation seen)
    {
        if (seen.ConfigMap is not { Containers: { } containers } pod || pod.Uid != _reference.Uid)
        {
            return;
        }

        _wasRunning |= containers.Any(container => container.Running == _reference.ContainerId);
        if (containers.Any(container => container.Ended.Contains(_reference.ContainerId)) && _end.TrySetResult(new HolderEnd(seen.Timestamp, _wasRunning)))
        {
            Log.HolderContainerEnded(_context.Logger, _reference.ContainerId, _reference.Name);
        }
    }
}
