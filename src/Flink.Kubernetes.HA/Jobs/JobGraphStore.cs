using System.Collections.Concurrent;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Stores the job graphs of a cluster, with pointers in the Dispatcher's ConfigMap (Flink's <c>JobGraphStore</c>).</summary>
/// <remarks>
/// A job that has a result is no longer listed or recovered, and cannot be put again: the API server tests that atomically with the write.
/// All members are thread-safe.
/// </remarks>
/// <typeparam name="T">The type of the job graphs.</typeparam>
public sealed class JobGraphStore<T>
{
    private readonly StateHandleStore _store;
    private readonly IStateSerializer<T> _serializer;
    private readonly ConcurrentDictionary<JobId, StateHandle> _known = [];

    private JobGraphStore(StateHandleStore store, IStateSerializer<T> serializer)
    {
        _store = store;
        _serializer = serializer;
        Reader = new JobGraphReader<T>(new TermValues(store.Term).Reader, store.Reader.Storage, serializer);
    }

    /// <summary>The reader of job graphs.</summary>
    public JobGraphReader<T> Reader { get; }

    /// <summary>Opens the store.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.Dispatcher"/>.</param>
    /// <param name="storage">The storage of the job graphs.</param>
    /// <param name="serializer">The serializer of job graphs.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="ArgumentException">The term is of another component.</exception>
    /// <exception cref="StateLostException">The storage contains job graphs, but someone else deleted the ConfigMap with their pointers.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateStorageException">The storage could not be read.</exception>
    /// <exception cref="KubernetesHaException">The API server refused a request.</exception>
    internal static async Task<JobGraphStore<T>> OpenAsync(
        LeadershipTerm term, IStateStorage storage, IStateSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        TermValues.Require(term, LeaderComponent.Dispatcher, "The job graph store");
        ArgumentNullException.ThrowIfNull(serializer);
        var store = await StateHandleStore.OpenAsync(term, storage, JobGraphSnapshot.Prefix, cancellationToken).ConfigureAwait(false);
        return new JobGraphStore<T>(store, serializer);
    }

    /// <summary>Adds a job, or replaces its graph if this store has put or recovered the job before.</summary>
    /// <exception cref="InvalidOperationException">The job exists and this store has not put or recovered it: recover it first.</exception>
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

                // Tested in the same request: a result that is written between a read and this write would otherwise let the job run again.
                var hasNoResult = new ValueChange(JobResultEntry.KeyOf(jobId), expected: null, value: null);
                await _store.CommitAsync([change, hasNoResult], cancellationToken).ConfigureAwait(false);
                _known[jobId] = change.ToHandle(_store);
            }
            catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.AlreadyExists)
            {
                throw new InvalidOperationException(
                    $"Job {jobId} already exists, and this store has not put or recovered it: recover it first, so that nothing is replaced unread.",
                    exception);
            }
            catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed && exception.Key == JobResultEntry.KeyOf(jobId))
            {
                throw new JobFinishedException(jobId, status: null);
            }
        }
    }

    /// <summary>Lists the IDs of the jobs that exist and have not ended.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">A pointer cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public Task<IReadOnlyList<JobId>> ListAsync(CancellationToken cancellationToken = default) => Reader.ListAsync(cancellationToken);

    /// <summary>Reads the graph of a job, to run it.</summary>
    /// <exception cref="StateHandleException">There is no such job.</exception>
    /// <exception cref="JobFinishedException">The job has ended and must not run again.</exception>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">The pointer cannot be read.</exception>
    /// <exception cref="StateStorageException">The data is missing, is not what was written, or cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<T> RecoverAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        var snapshot = await Reader.SnapshotAsync(cancellationToken).ConfigureAwait(false);
        return await RecoverAsync(jobId, snapshot.Get(jobId), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the graphs of all jobs that have not ended, to run them; throws if one of them cannot be read.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">A pointer cannot be read.</exception>
    /// <exception cref="StateStorageException">The data of a job is missing, is not what was written, or cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<IReadOnlyDictionary<JobId, T>> RecoverAllAsync(CancellationToken cancellationToken = default)
    {
        Dictionary<JobId, T> jobs = [];
        foreach (var (jobId, handle) in (await Reader.SnapshotAsync(cancellationToken).ConfigureAwait(false)).Unfinished)
        {
            jobs.Add(jobId, await RecoverAsync(jobId, handle, cancellationToken).ConfigureAwait(false));
        }

        return jobs;
    }

    /// <summary>Removes a job graph and its data. Calling this again resumes where it stopped.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the job was removed.</exception>
    /// <exception cref="StateStorageException">The data could not be deleted; the job is treated as removed.</exception>
    public async Task<bool> RemoveAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        var found = await _store.RemoveAsync(jobId.ToString(), cancellationToken).ConfigureAwait(false);
        _known.TryRemove(jobId, out _);
        return found;
    }

    private async Task<T> RecoverAsync(JobId jobId, StateHandle handle, CancellationToken cancellationToken)
    {
        var jobGraph = await Reader.ReadAsync(handle, cancellationToken).ConfigureAwait(false);
        _known[jobId] = handle;
        return jobGraph;
    }
}
