using System.Collections.Concurrent;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The jobs of a cluster: their graphs, and the results of those that have ended (Flink's <c>JobGraphStore</c> and
/// <c>JobResultStore</c>), all in the Dispatcher's ConfigMap.</summary>
/// <remarks>
/// <para>
/// A job that has ended gets a result in place of its graph, in one request, so that no leader runs it again: it is no longer listed or
/// recovered, and cannot be put again. The result is dirty until the job is cleaned up; the next leader continues with the dirty ones.
/// </para>
/// <para>All members are thread-safe.</para>
/// </remarks>
/// <typeparam name="T">The type of the job graphs.</typeparam>
public sealed class JobRegistry<T>
{
    private const int MostReadsAtOnce = 8;

    private readonly StateHandleStore _store;
    private readonly JobResults _results;
    private readonly IStateSerializer<T> _serializer;
    private readonly ConcurrentDictionary<JobId, StateHandle> _known = [];

    private JobRegistry(StateHandleStore store, IStateSerializer<T> serializer, JobRegistryOptions options)
    {
        (_store, _serializer) = (store, serializer);
        _results = new JobResults(store, options);
        Reader = new JobRegistryReader<T>(
            store.Term.Requests, store.Term.ConfigMap.Namespace, store.Term.ClusterId, store.Reader.Storage, serializer);
    }

    /// <summary>The reader, which needs no leadership.</summary>
    public JobRegistryReader<T> Reader { get; }

    /// <summary>Opens the registry.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.Dispatcher"/>.</param>
    /// <param name="storage">The storage of the job graphs.</param>
    /// <param name="serializer">The serializer of job graphs.</param>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="ArgumentException">The term is of another component, or the options are not valid.</exception>
    /// <exception cref="StateLostException">The storage contains job graphs, but someone else deleted the ConfigMap with their pointers.</exception>
    /// <exception cref="StateHandleException">The ConfigMap is a copy: it has pointers to data of another one.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateStorageException">The storage could not be read.</exception>
    /// <exception cref="KubernetesHaException">The API server refused a request.</exception>
    internal static async Task<JobRegistry<T>> OpenAsync(
        LeadershipTerm term,
        IStateStorage storage,
        IStateSerializer<T> serializer,
        JobRegistryOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        TermValues.Require(term, LeaderComponent.Dispatcher, "The job registry");
        ArgumentNullException.ThrowIfNull(serializer);
        options ??= new JobRegistryOptions();
        options.Check();
        var store = await StateHandleStore.OpenAsync(term, storage, JobRegistrySnapshot.GraphPrefix, cancellationToken).ConfigureAwait(false);
        return new JobRegistry<T>(store, serializer, options);
    }

    /// <summary>Adds a job, or replaces its graph if this registry has put or recovered the job before.</summary>
    /// <exception cref="InvalidOperationException">The job exists and was not put or recovered here: recover it first; or the cluster is being
    /// removed. Nothing was written.</exception>
    /// <exception cref="JobFinishedException">The job has ended; nothing was written.</exception>
    /// <exception cref="StateHandleException">Someone else changed the pointer; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the job was put.</exception>
    /// <exception cref="ConfigMapFullException">The ConfigMap would become too large; nothing was written.</exception>
    /// <exception cref="StateStorageException">The job graph could not be stored; nothing was written.</exception>
    /// <exception cref="KubernetesHaException">The API server refused the request; nothing was written.</exception>
    public async Task PutAsync(JobId jobId, T jobGraph, CancellationToken cancellationToken = default)
    {
        var content = await _serializer.ToStreamAsync(jobGraph, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            try
            {
                var known = _known.GetValueOrDefault(jobId);
                ContentChange change = known is null
                    ? new AddChange(_store.KeyOf(jobId.ToString()), _store.Prefix, content)
                    : new ReplaceChange(known, isConditional: true, content);

                // Tested in the same request: a result or the end of the cluster that is written between a read and this write would
                // otherwise let the job run again, or lose it.
                var hasNoResult = new ValueChange(JobResultEntry.KeyOf(jobId), expected: null, value: null);
                var clusterStays = new ValueChange(ClusterEnd.Key, expected: null, value: null);
                await _store.CommitAsync([change, hasNoResult, clusterStays], cancellationToken).ConfigureAwait(false);
                _known[jobId] = change.ToHandle(_store);
            }
            catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.AlreadyExists)
            {
                throw new InvalidOperationException(
                    $"Job {jobId} already exists, and this registry has not put or recovered it: recover it first, so that nothing is replaced unread.",
                    exception);
            }
            catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed && exception.Key == ClusterEnd.Key)
            {
                throw new InvalidOperationException($"Cluster {_store.Term.ClusterId} has ended and is being removed: it takes no more jobs.", exception);
            }
            catch (StateHandleException exception) when (exception.Failure is StateHandleFailure.Changed or StateHandleFailure.NotFound && _known.ContainsKey(jobId))
            {
                _known.TryRemove(jobId, out _);
                (await Reader.ReadAsync(cancellationToken).ConfigureAwait(false)).ThrowIfFinished(jobId);
                throw;
            }
            catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed && exception.Key == JobResultEntry.KeyOf(jobId))
            {
                throw new JobFinishedException(jobId, status: null);
            }
        }
    }

    /// <summary>Reads the graph of a job, to run it.</summary>
    /// <exception cref="StateHandleException">There is no such job, or its pointer cannot be read.</exception>
    /// <exception cref="JobFinishedException">The job has ended and must not run again.</exception>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateStorageException">The data is missing, is not what was written, or cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<T> RecoverAsync(JobId jobId, CancellationToken cancellationToken = default) =>
        await RecoverAsync(await Reader.ReadAsync(cancellationToken).ConfigureAwait(false), jobId, cancellationToken).ConfigureAwait(false);

    /// <summary>Reads the graphs of all jobs that have not ended, to run them; throws if one of them cannot be read.</summary>
    /// <remarks>To run the others nevertheless, read <see cref="JobRegistrySnapshot.Jobs"/> and recover each of them.</remarks>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">An entry cannot be read.</exception>
    /// <exception cref="StateStorageException">The data of a job is missing, is not what was written, or cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<IReadOnlyDictionary<JobId, T>> RecoverAllAsync(CancellationToken cancellationToken = default)
    {
        var snapshot = await Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (snapshot.Unreadable is [var unreadable, ..])
        {
            throw unreadable;
        }

        ConcurrentDictionary<JobId, T> jobs = [];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = MostReadsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            snapshot.Jobs, parallel, async (jobId, token) => jobs[jobId] = await RecoverAsync(snapshot, jobId, token).ConfigureAwait(false)).ConfigureAwait(false);
        return jobs;
    }

    /// <summary>Withdraws a job that has not begun to run: removes its graph, even one that cannot be read.</summary>
    /// <remarks>A job that has run ends with <see cref="FinishAsync"/>.</remarks>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the job was removed.</exception>
    public async Task<bool> RemoveAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        var found = await _store.RemoveAsync(jobId.ToString(), cancellationToken).ConfigureAwait(false);
        _known.TryRemove(jobId, out _);
        return found;
    }

    /// <summary>Records that a job has ended: writes its result in place of its graph. Recording the same result again has no effect, so a
    /// retry is safe.</summary>
    /// <remarks>The result always fits, because the pointer to the graph makes room for it; if need be without its message.</remarks>
    /// <exception cref="InvalidOperationException">The job already has another result, which is kept.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the result was written.</exception>
    /// <exception cref="StateHandleException">The stored result of the job cannot be read.</exception>
    public async Task FinishAsync(JobResult result, CancellationToken cancellationToken = default)
    {
        await _results.FinishAsync(result, cancellationToken).ConfigureAwait(false);
        _known.TryRemove(result.JobId, out _);
    }

    /// <summary>Removes everything that is left of a job that has ended (its ConfigMap, checkpoints and blobs), and marks its result clean.
    /// Calling this again resumes where it stopped.</summary>
    /// <remarks>End the term of the job's JobManager first, in every process: a ConfigMap whose lock is held is not deleted. Pointers are
    /// removed before their data.</remarks>
    /// <exception cref="InvalidOperationException">The job has no result: it continues, here or elsewhere, and everything is kept.</exception>
    /// <exception cref="CleanUpFailedException">A step failed repeatedly; the result remains dirty.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost; the next leader resumes.</exception>
    public Task CleanUpAsync(JobId jobId, CancellationToken cancellationToken = default) => _results.CleanUpAsync(jobId, cancellationToken);

    /// <summary>Cleans up every job that has a dirty result, a few at once. Call it at the beginning of a term, and periodically.</summary>
    /// <returns>The jobs that were cleaned up.</returns>
    /// <exception cref="CleanUpFailedException">Some jobs could not be cleaned up; the others were.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost; the next leader resumes.</exception>
    public Task<IReadOnlyList<JobId>> ResumeCleanUpAsync(CancellationToken cancellationToken = default) => _results.ResumeCleanUpAsync(cancellationToken);

    private async Task<T> RecoverAsync(JobRegistrySnapshot snapshot, JobId jobId, CancellationToken cancellationToken)
    {
        var handle = snapshot.GetGraph(jobId);
        var jobGraph = await Reader.ReadGraphAsync(handle, cancellationToken).ConfigureAwait(false);
        _known[jobId] = handle;
        return jobGraph;
    }
}

/// <summary>The record in the Dispatcher's ConfigMap that the entire cluster has ended and is being removed.</summary>
internal static class ClusterEnd
{
    /// <summary>The key of the final status of the cluster.</summary>
    public const string Key = "cleanUp";
}
