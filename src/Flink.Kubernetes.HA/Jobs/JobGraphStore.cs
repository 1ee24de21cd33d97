using System.Collections.Concurrent;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.StateHandles.Changes;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Keeps what describes the jobs of a cluster, with pointers in the Dispatcher's ConfigMap (Flink's JobGraphStore).</summary>
/// <remarks>
/// A job that has a result is not there any more for those who list and recover, and can't be put again: the API server itself tests that
/// in the same step. Safe for concurrent use.
/// </remarks>
/// <typeparam name="T">What describes a job.</typeparam>
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

    /// <summary>Reads job graphs.</summary>
    public JobGraphReader<T> Reader { get; }

    /// <summary>Opens the store.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.Dispatcher"/>.</param>
    /// <param name="storage">Holds the job graphs.</param>
    /// <param name="serializer">Reads and writes a job graph.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The term is one of another component.</exception>
    /// <exception cref="StateLostException">There are job graphs in the storage, but the ConfigMap with their pointers was deleted by someone else.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    /// <exception cref="StateStorageException">The storage could not be read.</exception>
    /// <exception cref="KubeClientException">The API server refused a request.</exception>
    internal static async Task<JobGraphStore<T>> OpenAsync(LeadershipTerm term, IStateStorage storage, IStateSerializer<T> serializer, CancellationToken cancellationToken = default)
    {
        TermValues.Require(term, LeaderComponent.Dispatcher, "The job graph store");
        ArgumentNullException.ThrowIfNull(serializer);
        return new JobGraphStore<T>(await StateHandleStore.OpenAsync(term, storage, JobGraphSnapshot.Prefix, cancellationToken).ConfigureAwait(false), serializer);
    }

    /// <summary>Adds a job, or replaces what describes it where this store has put or recovered it before.</summary>
    /// <exception cref="InvalidOperationException">The job is there, and this store does not know it: recover it first.</exception>
    /// <exception cref="JobFinishedException">The job has ended; nothing was written.</exception>
    /// <exception cref="StateHandleChangedException">Someone else has changed the pointer; nothing was written.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the job was put.</exception>
    /// <exception cref="ConfigMapFullException">The ConfigMap would become too large; nothing was written.</exception>
    /// <exception cref="StateStorageException">The job graph could not be stored; nothing was written.</exception>
    /// <exception cref="KubeClientException">The API server refused the request; nothing was written.</exception>
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
                await _store.CommitAsync([change, new ValueChange(JobResultEntry.KeyOf(jobId), expected: null, value: null)], cancellationToken).ConfigureAwait(false);
                _known[jobId] = change.ToHandle(_store);
            }
            catch (StateHandleExistsException exception)
            {
                throw new InvalidOperationException($"Job {jobId} is there already, and this store has not put or recovered it: recover it first, so that nothing is replaced unseen.", exception);
            }
            catch (StateHandleChangedException exception) when (exception.Key == JobResultEntry.KeyOf(jobId))
            {
                throw new JobFinishedException(jobId, status: null);
            }
        }
    }

    /// <summary>The ids of the jobs that are there and have not ended.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">One of the pointers can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public Task<IReadOnlyList<JobId>> ListAsync(CancellationToken cancellationToken = default) => Reader.ListAsync(cancellationToken);

    /// <summary>Reads the graph of a job, to run it.</summary>
    /// <exception cref="StateHandleNotFoundException">There is no such job.</exception>
    /// <exception cref="JobFinishedException">The job has ended and must not run again.</exception>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">The pointer can't be read.</exception>
    /// <exception cref="StateStorageException">The data is missing, is not what was written, or can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<T> RecoverAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        var snapshot = await Reader.SnapshotAsync(cancellationToken).ConfigureAwait(false);
        return await RecoverAsync(jobId, snapshot.Get(jobId), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the graphs of all jobs that have not ended, to run them; one that can't be read fails the whole.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">One of the pointers can't be read.</exception>
    /// <exception cref="StateStorageException">The data of one is missing, is not what was written, or can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<IReadOnlyDictionary<JobId, T>> RecoverAllAsync(CancellationToken cancellationToken = default)
    {
        Dictionary<JobId, T> jobs = [];
        foreach (var (jobId, handle) in (await Reader.SnapshotAsync(cancellationToken).ConfigureAwait(false)).Unfinished)
        {
            jobs.Add(jobId, await RecoverAsync(jobId, handle, cancellationToken).ConfigureAwait(false));
        }

        return jobs;
    }

    /// <summary>Removes a job graph and its data. A repeat goes on where it broke off.</summary>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the job was removed.</exception>
    /// <exception cref="StateStorageException">The data could not be deleted; the job counts as not there.</exception>
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
