using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The election's view of its ConfigMap, used by the contender and by the term in turn.</summary>
internal sealed class LockWatch(WatchSubscription<PartialObjectMetadata> subscription, TimeProvider timeProvider)
{
    private Task<Observation<PartialObjectMetadata>>? _next;

    public Observation<PartialObjectMetadata>? Current => subscription.Current;

    /// <summary>Waits for something new, at most for the limit; tells whether there is.</summary>
    public async Task<bool> WaitForChangeAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        // The wait is kept over calls that time out, so that nothing is missed between them.
        var next = _next ??= NextAsync();
        if (!await next.EndsWithinAsync(limit, timeProvider, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        _next = null;
        await next.ConfigureAwait(false);
        return true;
    }

    public async Task WaitForChangeAsync(CancellationToken cancellationToken)
    {
        var next = _next ??= NextAsync();
        await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        _next = null;
    }

    private Task<Observation<PartialObjectMetadata>> NextAsync()
    {
        var next = subscription.NextAsync(CancellationToken.None).AsTask();

        // Nobody may be waiting any more when the watch ends: its end is no unobserved failure.
        _ = next.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return next;
    }
}
