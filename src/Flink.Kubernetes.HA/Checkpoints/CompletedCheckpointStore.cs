using System.Diagnostics.CodeAnalysis;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>Stores the completed checkpoints of a job, with pointers in the job's ConfigMap (Flink's <c>CompletedCheckpointStore</c>).</summary>
/// <remarks>
/// <para>Opening the store recovers all checkpoints. Adding one removes those above the limit and advances the counter, in one request without a
/// read before it.</para>
/// <para>All members are thread-safe; checkpoints are added one after another.</para>
/// </remarks>
/// <typeparam name="T">The type of the checkpoints. They are kept in memory; large state belongs into files to which they refer.</typeparam>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore whose wait handle is not used holds no resources.")]
public sealed class CompletedCheckpointStore<T>
{
    private const int MostRetained = 1000;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly StateHandleStore _store;
    private readonly StoredContents _contents;
    private readonly TermValues _values;
    private readonly IStateSerializer<T> _serializer;
    private readonly int _maximumRetained;
    private volatile IReadOnlyList<CompletedCheckpoint<T>> _all = [];
    private bool _isUnsure;

    private CompletedCheckpointStore(StateHandleStore store, IStateSerializer<T> serializer, int maximumRetained)
    {
        var storage = store.Reader.Storage;
        _store = store;
        _contents = new StoredContents(storage, store.Term);
        _values = new TermValues(store.Term);
        _serializer = serializer;
        _maximumRetained = maximumRetained;
        Counter = new CheckpointIdCounter(_values);
        Reader = new CompletedCheckpointReader<T>(_values.Reader, storage, serializer);
    }

    /// <summary>The completed checkpoints that are kept, oldest first.</summary>
    public IReadOnlyList<CompletedCheckpoint<T>> All => _all;

    /// <summary>The latest completed checkpoint, or <see langword="null"/> if there is none.</summary>
    public CompletedCheckpoint<T>? Latest => _all is [.., var latest] ? latest : null;

    /// <summary>The counter of checkpoint IDs.</summary>
    public CheckpointIdCounter Counter { get; }

    /// <summary>The reader of checkpoints, which reads from the API server and the storage.</summary>
    public CompletedCheckpointReader<T> Reader { get; }

    /// <summary>Opens the store and recovers all checkpoints that are kept; throws if one of them cannot be read.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.JobManager"/> of the job.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="storage">The storage of the checkpoints.</param>
    /// <param name="serializer">The serializer of checkpoints.</param>
    /// <param name="options">The options. Default: one checkpoint is kept.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="ArgumentException">The term is not of the job's JobManager, or the options are not valid.</exception>
    /// <exception cref="CheckpointRecoveryException">A checkpoint cannot be read; nothing was recovered.</exception>
    /// <exception cref="StateLostException">The storage contains checkpoints, but someone else deleted the ConfigMap with their pointers.</exception>
    /// <exception cref="StateHandleException">A pointer or the counter cannot be read.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="KubernetesHaException">The API server refused a request.</exception>
    internal static async Task<CompletedCheckpointStore<T>> OpenAsync(
        LeadershipTerm term,
        JobId jobId,
        IStateStorage storage,
        IStateSerializer<T> serializer,
        CompletedCheckpointStoreOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        TermValues.Require(term, LeaderComponent.JobManager(jobId), "The store of completed checkpoints");
        ArgumentNullException.ThrowIfNull(serializer);
        var maximumRetained = (options ?? new CompletedCheckpointStoreOptions()).MaximumRetained;
        if (maximumRetained is < 1 or > MostRetained)
        {
            throw new ArgumentException($"MaximumRetained is {maximumRetained}: keep 1 to {MostRetained} checkpoints.", nameof(options));
        }

        var handles = await StateHandleStore.OpenAsync(term, storage, CheckpointKeys.Prefix, cancellationToken).ConfigureAwait(false);
        var store = new CompletedCheckpointStore<T>(handles, serializer, maximumRetained);
        await store.ReadBackAsync(cancellationToken).ConfigureAwait(false);
        return store;
    }

    /// <summary>Adds a completed checkpoint with an ID from <see cref="Counter"/>. It is durable when this returns.</summary>
    /// <param name="id">The ID, larger than that of <see cref="Latest"/>; an ID beyond the counter advances the counter in the same request.</param>
    /// <param name="value">The checkpoint.</param>
    /// <param name="cancellationToken">A token to cancel the wait; the checkpoint may still be added.</param>
    /// <exception cref="ArgumentOutOfRangeException">The ID is not larger than that of the latest checkpoint.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the checkpoint was added; no data
    /// was deleted.</exception>
    /// <exception cref="ConfigMapFullException">The ConfigMap would become too large; nothing was written.</exception>
    /// <exception cref="StateStorageException">The checkpoint could not be stored; nothing was written.</exception>
    /// <exception cref="KubernetesHaException">The API server refused the request; nothing was written.</exception>
    public Task<CompletedCheckpoint<T>> AddAsync(long id, T value, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        ArgumentOutOfRangeException.ThrowIfEqual(id, long.MaxValue);
        return AddAsync((long?)id, value, cancellationToken);
    }

    /// <summary>Adds a completed checkpoint with the next ID, which is taken from the counter in the same request.</summary>
    /// <param name="value">The checkpoint.</param>
    /// <param name="cancellationToken">A token to cancel the wait; the checkpoint may still be added.</param>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the checkpoint was added; no data
    /// was deleted.</exception>
    /// <exception cref="ConfigMapFullException">The ConfigMap would become too large; nothing was written.</exception>
    /// <exception cref="StateStorageException">The checkpoint could not be stored; nothing was written.</exception>
    /// <exception cref="KubernetesHaException">The API server refused the request; nothing was written.</exception>
    public Task<CompletedCheckpoint<T>> AddAsync(T value, CancellationToken cancellationToken = default) =>
        AddAsync(id: null, value, cancellationToken);

    /// <summary>Shuts the store down: removes all checkpoints and their data if the job is globally terminal, otherwise keeps them for
    /// the next leader.</summary>
    /// <remarks>Calling this again resumes where it stopped. Even if it fails, the checkpoints are treated as removed.</remarks>
    /// <exception cref="LeadershipLostException">Leadership was lost before the write took effect; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether all were removed.</exception>
    /// <exception cref="StateStorageException">Data could not be deleted.</exception>
    public async Task ShutdownAsync(JobStatus status, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _isUnsure = true;
            _all = [];
            if (status.IsGloballyTerminal())
            {
                await _store.ClearAsync(cancellationToken).ConfigureAwait(false);
                await Counter.ShutdownAsync(status, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<CompletedCheckpoint<T>> AddAsync(long? id, T value, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_isUnsure)
            {
                // An earlier add ended without a known outcome. Settle it first: what is read before that could still change.
                await _values.SettleAsync(CheckpointKeys.Counter, cancellationToken).ConfigureAwait(false);
                await ReadBackAsync(cancellationToken).ConfigureAwait(false);
            }

            while (true)
            {
                if (await TryAddAsync(id, value, cancellationToken).ConfigureAwait(false) is { } added)
                {
                    return added;
                }

                await Counter.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <returns>The checkpoint, or <see langword="null"/> if the counter has been advanced in between; nothing was written then.</returns>
    private async Task<CompletedCheckpoint<T>?> TryAddAsync(long? wanted, T value, CancellationToken cancellationToken)
    {
        var counter = Counter.Known!;

        // An id that was taken meanwhile may have been heard of late, so that the known counter is the one from before the last checkpoint. The
        // write tests it, and is refused then.
        var id = wanted ?? Math.Max(counter.Next, (Latest?.Id ?? 0) + 1);
        if (id <= Latest?.Id)
        {
            throw new ArgumentOutOfRangeException(nameof(wanted), id, $"Checkpoint {Latest.Id} already exists, and checkpoints are added in the "
                + "order of their IDs.");
        }

        var subsumed = _all.Take(Math.Max(0, _all.Count + 1 - _maximumRetained)).ToList();
        var next = new CounterValue(CheckpointIdCounter.Format(Math.Max(counter.Next, id + 1)), Math.Max(counter.Next, id + 1));
        var content = await _serializer.ToStreamAsync(value, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            var add = new AddChange(_store.KeyOf(CheckpointKeys.NameOf(id)), _store.Prefix, content);
            List<EntryChange> changes = [add, .. subsumed.Select(checkpoint => new DropChange(checkpoint.Handle))];
            if (next.Next > counter.Next)
            {
                changes.Add(new ValueChange(CheckpointKeys.Counter, counter.Text, next.Text));
            }

            try
            {
                await _store.CommitAsync(changes, cancellationToken).ConfigureAwait(false);
            }
            catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed && exception.Key == CheckpointKeys.Counter)
            {
                return null;
            }
            catch (Exception exception) when (
                exception is not (LeadershipLostException or StateStorageException or KubernetesHaException or ConfigMapFullException))
            {
                // It may have been written, or the ConfigMap has unexpected contents: the next add reads first.
                _isUnsure = true;
                throw;
            }

            var added = new CompletedCheckpoint<T>(id, value, add.ToHandle(_store));
            _all = [.. _all.Skip(subsumed.Count), added];
            if (next.Next > counter.Next)
            {
                Counter.Learn(next);
            }

            // The pointers are removed, so nothing depends on the data. What cannot be deleted now is left to the sweep.
            await _contents.DiscardAsync(subsumed.Select(checkpoint => checkpoint.Handle.State.Key)).ConfigureAwait(false);
            return added;
        }
    }

    private async Task ReadBackAsync(CancellationToken cancellationToken)
    {
        var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
        _all = await Reader.ReadAsync(content, cancellationToken).ConfigureAwait(false);
        Counter.Learn(content);
        _isUnsure = false;
    }
}
