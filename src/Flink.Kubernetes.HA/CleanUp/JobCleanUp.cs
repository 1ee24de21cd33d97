using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Removes all that is kept of jobs that have ended for good: job graph, the job's ConfigMap, checkpoints, blobs.</summary>
/// <remarks>
/// <para>
/// Only a job with a result is cleaned up, and only a job that is globally terminal has one; so a suspended or failed-over job keeps everything.
/// Pointers go before the data that they point to. The result is marked clean at the very end: until then each step is tried again, and whoever
/// leads next resumes.
/// </para>
/// <para>End the term of the job's JobManager first, in every process: a ConfigMap whose lock somebody holds is not deleted.</para>
/// </remarks>
public sealed class JobCleanUp
{
    private readonly LeadershipTerm _term;
    private readonly IStateStorage _storage;
    private readonly StateHandleStore _jobGraphs;
    private readonly JobResultStore _results;
    private readonly Persistence _persistence;

    private JobCleanUp(LeadershipTerm term, IStateStorage storage, JobResultStore results, CleanUpOptions options)
    {
        (_term, _storage, _results) = (term, storage, results);
        _jobGraphs = StateHandleStore.Open(term, storage, JobGraphSnapshot.Prefix);
        _persistence = new Persistence(term, options);
    }

    /// <summary>Opens the clean-up; that sends no request.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.Dispatcher"/>.</param>
    /// <param name="storage">Holds the data.</param>
    /// <param name="results">Marks jobs clean; default: one that keeps <see cref="JobResultStore.DefaultMaximumCleanResults"/>.</param>
    /// <param name="options">Default: 10 tries, with pauses from 1 s to 30 s.</param>
    /// <exception cref="ArgumentException">The term is one of another component, or the options make no sense.</exception>
    public static JobCleanUp Open(LeadershipTerm term, IStateStorage storage, JobResultStore? results = null, CleanUpOptions? options = null)
    {
        TermValues.Require(term, LeaderComponent.Dispatcher, "What tells which jobs have ended");
        ArgumentNullException.ThrowIfNull(storage);
        options ??= new CleanUpOptions();
        options.Check();
        return new JobCleanUp(term, storage, results ?? JobResultStore.Open(term), options);
    }

    /// <summary>Removes all that is kept of a job, and marks its result clean. A repeat goes on where it broke off.</summary>
    /// <exception cref="InvalidOperationException">The job has no result: it goes on, here or elsewhere, and keeps everything.</exception>
    /// <exception cref="CleanUpFailedException">A step failed again and again; the result stays dirty.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; the next leader resumes.</exception>
    public async Task RunAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        if (!await _results.Reader.HasAsync(jobId, cancellationToken).ConfigureAwait(false))
        {
            throw new InvalidOperationException($"Job {jobId} has no result, so nothing of it may be removed: write one with JobResultStore.CreateDirtyAsync when it has ended for good.");
        }

        try
        {
            await CleanUpAsync(jobId, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is KubeClientException or StateStorageException or StillLedException or StateHandleException)
        {
            throw new CleanUpFailedException($"Job {jobId}", [jobId], exception);
        }
    }

    /// <summary>Cleans up every job that has a dirty result: call it when the Dispatcher has won a term, and now and then.</summary>
    /// <returns>The jobs that were cleaned up.</returns>
    /// <exception cref="CleanUpFailedException">Some jobs could not be cleaned up; the others were.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; the next leader resumes.</exception>
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
                // One job that can't be cleaned up must not keep the others from it.
                failures.Add(exception);
            }
        }

        return failures.Count == 0 ? cleaned : throw new CleanUpFailedException(
            $"{failures.Count} jobs", [.. failures.SelectMany(failure => failure.Jobs)], failures.Count == 1 ? failures[0] : new AggregateException(failures));
    }

    private async Task CleanUpAsync(JobId jobId, CancellationToken cancellationToken)
    {
        var context = _term.Context;
        var component = LeaderComponent.JobManager(jobId);
        var configMap = HaNames.LeaderConfigMap(context.Requests.Key.Namespace, context.ClusterId, component);
        var data = new DataDeletion(_term, _storage);
        await _persistence.RunAsync($"the graph of job {jobId}", token => _jobGraphs.RemoveAsync(jobId.ToString(), token), cancellationToken).ConfigureAwait(false);
        await _persistence.RunAsync($"the list of data of job {jobId}", token => data.ListAsync($"{context.StorageRoot}/{component.Name}/", token), cancellationToken).ConfigureAwait(false);
        await _persistence.RunAsync($"ConfigMap {configMap}", token => new ConfigMapDeletion(_term).RunAsync(configMap, whoeverHolds: false, token), cancellationToken).ConfigureAwait(false);
        await _persistence.RunAsync($"the list of blobs of job {jobId}", token => data.ListAsync(BlobKeys.FolderOf(context.StorageRoot, jobId), token), cancellationToken).ConfigureAwait(false);
        await _persistence.RunAsync($"the data of job {jobId}", data.RunAsync, cancellationToken).ConfigureAwait(false);
        await _results.MarkCleanAsync(jobId, cancellationToken).ConfigureAwait(false);
        Log.JobCleanedUp(context.Logger, jobId.ToString());
    }
}
