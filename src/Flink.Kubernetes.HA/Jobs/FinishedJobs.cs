using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.StateHandles.Writing;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Keeps a term of a JobManager from running a job that has ended.</summary>
internal static class FinishedJobs
{
    /// <summary>Reads the ConfigMap of the Dispatcher, retrying temporary failures until the term ends.</summary>
    /// <exception cref="JobFinishedException">The job has a result; or it must be submitted, and is not.</exception>
    public static async Task ThrowIfFinishedAsync(LeadershipTerm term, JobId jobId, bool mustBeSubmitted, CancellationToken cancellationToken)
    {
        var registry = new ConfigMapReader(term.Requests, term.ConfigMap.Namespace, term.ClusterId, LeaderComponent.Dispatcher);
        var retry = TermRetry.OfRequests(term);
        while (true)
        {
            term.ThrowIfLost();
            try
            {
                using var limit = RequestTimeLimit.Of(term, cancellationToken);
                var jobs = new JobRegistrySnapshot(await registry.ReadAsync(limit.Token).ConfigureAwait(false));
                jobs.ThrowIfFinished(jobId);
                if (mustBeSubmitted && !jobs.IsSubmitted(jobId))
                {
                    throw new JobFinishedException(jobId, status: null);
                }

                return;
            }
            catch (ConfigMapMissingException) when (!mustBeSubmitted)
            {
                // There is no Dispatcher: the jobs are kept elsewhere.
                return;
            }
            catch (Exception exception) when (RequestTimeLimit.IsTransient(exception) && !cancellationToken.IsCancellationRequested)
            {
                await retry.PauseAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
