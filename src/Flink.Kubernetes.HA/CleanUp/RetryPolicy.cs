using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Retries the steps of a clean-up, with growing delays, until the term ends.</summary>
internal sealed class RetryPolicy(LeadershipTerm term, CleanUpOptions options)
{
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    public async Task RunAsync(string what, Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        var retry = new TermRetry(term, options.FirstDelay, options.LongestDelay);
        for (var tries = 1; ; tries++)
        {
            term.ThrowIfNotLeading();
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(term.Lost, cancellationToken);
            try
            {
                await step(linked.Token).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && term.Lost.IsCancellationRequested)
            {
                term.ThrowIfNotLeading();
            }
            catch (Exception exception) when (exception is KubernetesHaException or StateStorageException or StillLedException && tries < options.MaximumTries)
            {
                Log.CleanUpStepFailed(term.Logger, what, tries, options.MaximumTries, retry.Next, exception);
            }

            await retry.PauseAsync(cancellationToken).ConfigureAwait(false);
        }
    }
}
