using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Removes everything that belongs to jobs that have ended permanently: job graph, the job's ConfigMap, checkpoints, blobs.</summary>
/// <remarks>
/// <para>
/// Only a job with a result is cleaned up, and only a globally terminal job has one, so a suspended or failed-over job keeps everything.
/// Pointers are removed before their data. The result is marked clean at the end; until then each step is retried, and the next leader
/// resumes.
/// </para>
/// <para>End the term of the job's JobManager first, in every process: a ConfigMap whose lock is held is not deleted.</para>
/// </remarks>
public sealed class JobCleanUp
{
    private readonly LeadershipTerm _term;
    private readonly IStateStorage _storage;
    private readonly StateHandleStore _jobGraphs;
    private readonly JobResultStore _results;
    private readonly RetryPolicy _retryPolicy;

    private JobCleanUp(LeadershipTerm term, IStateStorage storage, JobResultStore results, CleanUpOptions options)
    {
        (_term, _storage, _results) = (term, storage, results);
        _jobGraphs = StateHandleStore.Open(term, storage, JobGraphSnapshot.Prefix);
        _retryPolicy = new RetryPolicy(term, options);
    }

    /// <summary>Opens the clean-up; sends no request.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.Dispatcher"/>.</param>
    /// <param name="storage">The storage of the data.</param>
    /// <param name="results">The store of results. Default: one that keeps <see cref="JobResultStore.DefaultMaximumCleanResults"/> clean
    /// results.</param>
    /// <param name="options">The options. Default: 10 attempts, with delays from 1 s to 30 s.</param>
    /// <exception cref="ArgumentException">The term is of another component, or the options are not valid.</exception>
    internal static JobCleanUp Open(LeadershipTerm term, IStateStorage storage, JobResultStore? results = null, CleanUpOptions? options = null)
    {
        TermValues.Require(term, LeaderComponent.Dispatcher, "The record of finished jobs");
        ArgumentNullException.ThrowIfNull(storage);
        options ??= new CleanUpOptions();
        options.Check();
        return new JobCleanUp(term, storage, results ?? JobResultStore.Open(term), options);
    }

    /// <summary>Removes everything that belongs to a job, and marks its result clean. Calling this again resumes where it stopped.</summary>
    /// <exception cref="InvalidOperationException">The job has no result: it continues, here or elsewhere, and everything is kept.</exception>
    /// <exception cref="CleanUpFailedException">A step failed repeatedly; the result remains dirty.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost; the next leader resumes.</exception>
    public async Task RunAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        if (!await _results.Reader.HasAsync(jobId, cancellationToken).ConfigureAwait(false))
        {
            throw new InvalidOperationException(
                $"Job {jobId} has no result, so nothing of it may be removed: "
                + "write one with JobResultStore.CreateDirtyAsync after the job has ended permanently.");
        }

        try
        {
            await CleanUpAsync(jobId, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is KubernetesHaException or StateStorageException or StillLedException or StateHandleException)
        {
            throw new CleanUpFailedException($"Job {jobId}", [jobId], exception);
        }
    }

    /// <summary>Cleans up every job that has a dirty result. Call it at the beginning of a term of the Dispatcher, and periodically.</summary>
    /// <returns>The jobs that were cleaned up.</returns>
    /// <exception cref="CleanUpFailedException">Some jobs could not be cleaned up; the others were.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost; the next leader resumes.</exception>
    public async Task<IReadOnlyList<JobId>> ResumeAsync(CancellationToken cancellationToken = default)
    {
        List<JobId> cleaned = [];
        List<CleanUpFailedException> failures = [];
        foreach (var result in await _results.Reader.ListDirtyAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                await RunAsync(result.JobId, cancellationToken).ConfigureAwait(false);
                cleaned.Add(result.JobId);
            }
            catch (CleanUpFailedException exception)
            {
                // One job that cannot be cleaned up must not keep the others from being cleaned up.
                failures.Add(exception);
            }
        }

        return failures.Count == 0 ? cleaned : throw new CleanUpFailedException(
            $"{failures.Count} jobs", [.. failures.SelectMany(failure => failure.Jobs)], failures.Count == 1 ? failures[0] : new AggregateException(failures));
    }

    private async Task CleanUpAsync(JobId jobId, CancellationToken cancellationToken)
    {
        var component = LeaderComponent.JobManager(jobId);
        var configMap = HaNames.LeaderConfigMap(_term.ConfigMap.Namespace, _term.ClusterId, component);
        var data = new DataDeletion(_term, _storage);
        var deletion = new ConfigMapDeletion(_term);
        var prefix = $"{_term.StorageRoot}/{component.Name}/";
        var blobs = BlobKeys.FolderOf(_term.StorageRoot, jobId);

        // 1. The graph, so that no leader starts the job again. 2. The data is listed while its pointers exist: data that a JobManager writes
        //    later is not on the list. 3. The pointers. 4. The data. 5. Only then the result is clean: every step before is repeatable, and
        //    a dirty result is what the next leader resumes from.
        await RetryAsync($"the graph of job {jobId}", token => _jobGraphs.RemoveAsync(jobId.ToString(), token)).ConfigureAwait(false);
        await RetryAsync($"the list of data of job {jobId}", token => data.ListAsync(prefix, token)).ConfigureAwait(false);
        await RetryAsync($"ConfigMap {configMap}", token => deletion.RunAsync(configMap, whoeverHolds: false, token)).ConfigureAwait(false);
        await RetryAsync($"the list of blobs of job {jobId}", token => data.ListAsync(blobs, token)).ConfigureAwait(false);
        await RetryAsync($"the data of job {jobId}", data.RunAsync).ConfigureAwait(false);
        await _results.MarkCleanAsync(jobId, cancellationToken).ConfigureAwait(false);
        Log.JobCleanedUp(_term.Logger, jobId.ToString());

        Task RetryAsync(string what, Func<CancellationToken, Task> step) => _retryPolicy.RunAsync(what, step, cancellationToken);
    }
}
