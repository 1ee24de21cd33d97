using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The results of jobs that have ended, and the removal of what is left of those jobs; see <see cref="JobRegistry{T}"/>.</summary>
internal sealed class JobResults(StateHandleStore store, JobRegistryOptions options)
{
    private const int MostAtOnce = 8;

    private readonly TermValues _values = new(store.Term);

    public async Task FinishAsync(JobResult result, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        for (var written = result; ;)
        {
            var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
            var snapshot = new JobRegistrySnapshot(content);
            var stored = snapshot.FindEntry(result.JobId);
            if (stored is not null && (stored.Result.Status != result.Status || (stored.Result.Message ?? result.Message) != result.Message))
            {
                throw new InvalidOperationException(
                    $"Job {result.JobId} has already ended {stored.Result.Status}, and a job ends once: {result.Status} was not written.");
            }

            // Written even if it is stored: only the answer to a fenced request proves that this term is still the leader.
            var entry = stored ?? JobResultEntry.Create(written, isDirty: true, NextNumber(snapshot));
            EntryChange[] changes =
            [
                new ValueChange(entry.Key, stored?.Text, entry.Text),
                new RemoveChange(JobRegistrySnapshot.GraphPrefix + result.JobId, content),
            ];
            try
            {
                await store.CommitAsync(changes, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (ConfigMapFullException) when (written.Message is not null)
            {
                // That the job has ended must be recorded; why is in the log of the job.
                written = new JobResult(result.JobId, result.Status);
            }
            catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed)
            {
                // Another task of this process was faster: read again.
            }
        }
    }

    public async Task CleanUpAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        if (!(await ReadAsync(cancellationToken).ConfigureAwait(false)).HasResult(jobId))
        {
            throw new InvalidOperationException(
                $"Job {jobId} has no result, so nothing of it may be removed: write one with FinishAsync after the job has ended permanently.");
        }

        try
        {
            await RemoveRestAsync(jobId, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is KubernetesHaException or StateStorageException or StillLedException or StateHandleException)
        {
            throw new CleanUpFailedException($"Job {jobId}", [jobId], exception);
        }
    }

    public async Task<IReadOnlyList<JobId>> ResumeCleanUpAsync(CancellationToken cancellationToken = default)
    {
        List<JobId> cleaned = [];
        List<CleanUpFailedException> failures = [];
        var dirty = (await ReadAsync(cancellationToken).ConfigureAwait(false)).DirtyResults;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(dirty, parallel, async (result, token) =>
        {
            try
            {
                await CleanUpAsync(result.JobId, token).ConfigureAwait(false);
                lock (cleaned)
                {
                    cleaned.Add(result.JobId);
                }
            }
            catch (CleanUpFailedException exception)
            {
                // One job that cannot be cleaned up must not keep the others from being cleaned up.
                lock (failures)
                {
                    failures.Add(exception);
                }
            }
        }).ConfigureAwait(false);
        return failures.Count == 0 ? cleaned : throw new CleanUpFailedException(
            $"{failures.Count} jobs", [.. failures.SelectMany(failure => failure.Jobs)], failures.Count == 1 ? failures[0] : new AggregateException(failures));
    }

    private async Task RemoveRestAsync(JobId jobId, CancellationToken cancellationToken)
    {
        var term = store.Term;
        var component = LeaderComponent.JobManager(jobId);
        var configMap = HaNames.LeaderConfigMap(term.ConfigMap.Namespace, term.ClusterId, component);
        var policy = new RetryPolicy(term, options.CleanUp);
        var data = new DataDeletion(term, store.Reader.Storage);

        // 1. The data is listed while its pointers exist: data that a JobManager writes later is not on the list. 2. The pointers. 3. The
        //    data. 4. Only then the result is clean: every step before is repeatable, and a dirty result is what the next leader resumes
        //    from. The graph has gone with the result, so no leader starts the job again meanwhile.
        await RetryAsync($"the list of data of job {jobId}", token => data.ListAsync($"{term.StorageRoot}/{component.Name}/", token)).ConfigureAwait(false);
        await RetryAsync($"ConfigMap {configMap}", token => new ConfigMapDeletion(term).RunAsync(configMap, whoeverHolds: false, token)).ConfigureAwait(false);
        await RetryAsync($"the list of blobs of job {jobId}", token => data.ListAsync(BlobKeys.FolderOf(term.StorageRoot, jobId), token)).ConfigureAwait(false);
        await RetryAsync($"the data of job {jobId}", data.RunAsync).ConfigureAwait(false);
        await MarkCleanAsync(jobId, cancellationToken).ConfigureAwait(false);
        Log.JobCleanedUp(term.Logger, jobId.ToString());

        Task RetryAsync(string what, Func<CancellationToken, Task> step) => policy.RunAsync(what, step, cancellationToken);
    }

    /// <summary>Marks a result clean, and removes clean results above the limit, the oldest first: nothing of those jobs is left that could
    /// run again.</summary>
    private async Task MarkCleanAsync(JobId jobId, CancellationToken cancellationToken)
    {
        while (true)
        {
            var snapshot = await ReadAsync(cancellationToken).ConfigureAwait(false);
            if (snapshot.FindEntry(jobId) is not { } stored)
            {
                // Another task of this process has cleaned up the same job, and many others since.
                return;
            }

            var clean = stored.IsDirty ? JobResultEntry.Create(stored.Result, isDirty: false, NextNumber(snapshot)) : stored;
            var others = snapshot.Entries.Where(entry => !entry.IsDirty && entry.Result.JobId != jobId).ToList();
            var excess = Math.Max(0, others.Count + 1 - Math.Max(1, options.MaximumCleanResults));
            List<ValueChange> changes =
            [
                new ValueChange(clean.Key, stored.Text, options.MaximumCleanResults == 0 ? null : clean.Text),
                .. others.Take(excess).Select(entry => new ValueChange(entry.Key, entry.Text, value: null)),
            ];
            try
            {
                await _values.ChangeAsync(changes, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed)
            {
                // Another task of this process was faster: read again.
            }
        }
    }

    private async Task<JobRegistrySnapshot> ReadAsync(CancellationToken cancellationToken) =>
        new(await _values.ReadAsync(cancellationToken).ConfigureAwait(false));

    // One more than the newest of all results, dirty and clean, so that the next one is newer than any that is kept.
    private static long NextNumber(JobRegistrySnapshot snapshot) => snapshot.Entries is [.., var newest] ? newest.Number + 1 : 1;
}
