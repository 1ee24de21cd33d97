using System.Diagnostics.CodeAnalysis;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.Jobs;
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
    private const int MostReads = 8;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(8);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly StateHandleStore _store;
    private readonly TermValues _values;
    private readonly IStateSerializer<T> _serializer;
    private readonly int _maximumRetained;
    private volatile IReadOnlyList<CompletedCheckpoint<T>> _all = [];
    private CompletedCheckpoint<T>? _unsure;
    private bool _isUnsure;

    private CompletedCheckpointStore(StateHandleStore store, IStateSerializer<T> serializer, int maximumRetained)
    {
        _store = store;
        _values = new TermValues(store.Term);
        _serializer = serializer;
        _maximumRetained = maximumRetained;
        Counter = new CheckpointIdCounter(_values);
        Reader = new CompletedCheckpointReader<T>(_values.Reader, store.Reader.Storage, serializer);
    }

    /// <summary>The completed checkpoints that are kept, oldest first.</summary>
    public IReadOnlyList<CompletedCheckpoint<T>> All => _all;

    /// <summary>The latest completed checkpoint, or <see langword="null"/> if there is none.</summary>
    public CompletedCheckpoint<T>? Latest => _all is [.., var latest] ? latest : null;

    /// <summary>The counter of checkpoint IDs.</summary>
    public CheckpointIdCounter Counter { get; }

    /// <summary>The reader of checkpoints, which reads from the API server and the storage.</summary>
    public CompletedCheckpointReader<T> Reader { get; }

    /// <summary>Deletes the data of subsumed checkpoints, for which <see cref="AddAsync(T, CancellationToken)"/> does not wait.</summary>
    internal Task Discards { get; private set; } = Task.CompletedTask;

    /// <summary>Opens the store and recovers all checkpoints that are kept; throws if one of them cannot be read.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.JobManager"/>.</param>
    /// <param name="storage">The storage of the checkpoints.</param>
    /// <param name="serializer">The serializer of checkpoints.</param>
    /// <param name="options">The options. Default: one checkpoint is kept.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="ArgumentException">The term is not of a JobManager, or the options are not valid.</exception>
    /// <exception cref="JobFinishedException">The job has ended and must not run again.</exception>
    /// <exception cref="CheckpointRecoveryException">The data of a checkpoint is missing, damaged or not understood; nothing was
    /// recovered.</exception>
    /// <exception cref="StateLostException">The storage contains checkpoints, but someone else deleted the ConfigMap with their pointers.</exception>
    /// <exception cref="StateHandleException">A pointer or the counter cannot be read.</exception>
    /// <exception cref="StateStorageException">The storage could not be read, after several attempts.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="KubernetesHaException">The API server refused a request.</exception>
    internal static async Task<CompletedCheckpointStore<T>> OpenAsync(
        LeadershipTerm term,
        IStateStorage storage,
        IStateSerializer<T> serializer,
        CompletedCheckpointStoreOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(term);
        ArgumentNullException.ThrowIfNull(serializer);
        if (term.Component.JobId is not { } jobId)
        {
            throw new ArgumentException(
                $"This is a term of {term.Component}, and checkpoints are in the ConfigMap of a job: open them from a term of its JobManager.", nameof(term));
        }

        options ??= new CompletedCheckpointStoreOptions();
        var maximumRetained = options.MaximumRetained;
        if (maximumRetained is < 1 or > MostRetained)
        {
            throw new ArgumentException($"MaximumRetained is {maximumRetained}: keep 1 to {MostRetained} checkpoints.", nameof(options));
        }

        // First the result, then the checkpoints: a job that has ended is cleaned up in the other order.
        await FinishedJobs.ThrowIfFinishedAsync(term, jobId, options.RequireSubmittedJob, cancellationToken).ConfigureAwait(false);
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
            List<EntryChange> changes = [add, .. subsumed.Select(checkpoint => new RemoveChange(checkpoint.Handle))];
            if (next.Next > counter.Next)
            {
                changes.Add(new ValueChange(CheckpointKeys.Counter, counter.Text, next.Text));
            }

            ChangeSet? written;
            try
            {
                written = await _store.WriteAsync(changes, cancellationToken).ConfigureAwait(false);
            }
            catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Changed && exception.Key == CheckpointKeys.Counter)
            {
                return null;
            }
            catch (Exception exception) when (
                exception is not (LeadershipLostException or StateStorageException or KubernetesHaException or ConfigMapFullException))
            {
                // It may have been written, or the ConfigMap has unexpected contents: the next add reads first.
                (_isUnsure, _unsure) = (true, add.Next is null ? null : new CompletedCheckpoint<T>(id, value, add.ToHandle(_store)));
                throw;
            }

            var added = new CompletedCheckpoint<T>(id, value, add.ToHandle(_store));
            _all = [.. _all.Skip(subsumed.Count), added];
            if (next.Next > counter.Next)
            {
                Counter.Learn(next);
            }

            // The pointers are removed, so nothing depends on the data. What cannot be deleted is left to the sweep; a storage that deletes
            // slowly delays no checkpoint.
            Discards = written!.DiscardOldDataAsync();
            return added;
        }
    }

    /// <summary>Reads the pointers, and the data of those that are not known yet: a checkpoint that was read or written once does not change.</summary>
    private async Task ReadBackAsync(CancellationToken cancellationToken)
    {
        var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
        var known = _all.Concat(_unsure is null ? [] : [_unsure])
            .DistinctBy(checkpoint => checkpoint.Handle.State.Key).ToDictionary(checkpoint => checkpoint.Handle.State.Key);
        List<CompletedCheckpoint<T>> all = [];
        foreach (var handle in CompletedCheckpointReader<T>.HandlesOf(content))
        {
            all.Add(known.TryGetValue(handle.State.Key, out var checkpoint)
                ? checkpoint with { Handle = handle }
                : await ReadAsync(handle, cancellationToken).ConfigureAwait(false));
        }

        (_all, _unsure, _isUnsure) = (all, null, false);
        Counter.Learn(content);
    }

    /// <summary>Reads a checkpoint; a storage that does not answer is asked again, because giving up would mean to start without it.</summary>
    private async Task<CompletedCheckpoint<T>> ReadAsync(StateHandle handle, CancellationToken cancellationToken)
    {
        var retry = new TermRetry(_store.Term, FirstPause, LongestPause);
        for (var reads = 1; ; reads++)
        {
            try
            {
                return await Reader.ReadAsync(handle, cancellationToken).ConfigureAwait(false);
            }
            catch (StateStorageException exception) when (reads < MostReads && exception.Failure is
                StateStorageFailure.Throttled or StateStorageFailure.Unavailable or StateStorageFailure.Timeout or StateStorageFailure.Other)
            {
                Log.CheckpointReadAgain(_store.Term.Logger, handle.Key, handle.ConfigMap, retry.Next, exception);
                await retry.PauseAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
