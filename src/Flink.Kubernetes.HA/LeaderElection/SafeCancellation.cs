using Flink.Kubernetes.HA.Diagnostics;

namespace Flink.Kubernetes.HA.LeaderElection;

internal static class SafeCancellation
{
    /// <summary>Marks the token now and runs its callbacks, which are the user's, elsewhere; what they throw is logged.</summary>
    public static async Task CancelSafelyAsync(this CancellationTokenSource source, ElectionContext context)
    {
        try
        {
            await source.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException exception)
        {
            Log.LostCallbackFailed(context.Logger, context.Name, exception);
        }
    }
}
