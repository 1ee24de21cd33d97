using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Locking;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection.Heartbeats;

/// <summary>What the heartbeats of a process share.</summary>
internal sealed record HeartbeatContext(
    string Namespace, string ClusterId, string Identity, LeaderElectionOptions Options, LeaseRequests Requests, TimeProvider TimeProvider, ILogger Logger, HaMetrics Metrics)
{
    /// <summary>Canceled when the services are disposed.</summary>
    public CancellationTokenSource Stop { get; } = new();

    /// <summary>Deletes a Lease that was ended, when everybody who waits for it must have seen that; later it is only litter.</summary>
#pragma warning disable CA1031 // A convenience: what is left is harmless, and says by whom it was ended.
    public async Task DeleteLaterAsync(ObjectKey key, string uid, TimeSpan lease)
    {
        try
        {
            await Task.Delay(lease * 4, TimeProvider, Stop.Token).ConfigureAwait(false);
            await Requests.DeleteAsync(key, uid).ConfigureAwait(false);
        }
        catch (Exception)
        {
        }
    }
#pragma warning restore CA1031

    /// <summary>The delay before a failed request is tried again.</summary>
    public TimeSpan RetryDelay() => ElectionContext.Jittered(Options.RetryPeriod / 4);
}
