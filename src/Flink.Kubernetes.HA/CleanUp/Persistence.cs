using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Tries steps of clean-up again, with growing pauses, as long as the term leads.</summary>
internal sealed class Persistence(LeadershipTerm term, CleanUpOptions options)
{
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    public async Task RunAsync(string what, Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        var delay = options.FirstDelay;
        for (var tries = 1; ; tries++)
        {
            term.ThrowIfNotLeading();
            try
            {
                await step(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (Exception exception) when (exception is KubeClientException or StateStorageException or StillLedException && tries < options.MaximumTries)
            {
                Log.CleanUpStepFailed(term.Context.Logger, what, tries, options.MaximumTries, delay, exception);
            }

            using var linked = CancellationTokenSource.CreateLinkedTokenSource(term.Lost, cancellationToken);
            await Task.Delay(ElectionContext.Jittered(delay), term.Context.TimeProvider, linked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            delay = delay * 2 < options.LongestDelay ? delay * 2 : options.LongestDelay;
        }
    }
}
