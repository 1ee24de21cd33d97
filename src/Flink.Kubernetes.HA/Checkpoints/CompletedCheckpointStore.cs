using System.Diagnostics.CodeAnalysis;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.StateHandles.Changes;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>Keeps the completed checkpoints of a job, with pointers in the job's ConfigMap (Flink's CompletedCheckpointStore).</summary>
/// <remarks>
/// <para>Opening it recovers them all. Adding one removes those that are too many and advances the counter, all in one request, without a read before it.</para>
/// <para>Safe for concurrent use; checkpoints are added one after another.</para>
/// </remarks>
/// <typeparam name="T">What describes a checkpoint: small, as it is held in memory; large state belongs into files that it names.</typeparam>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore that nobody asks for its wait handle holds nothing to dispose.")]
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

    /// <summary>The completed checkpoints that are kept, from the oldest on.</summary>
    public IReadOnlyList<CompletedCheckpoint<T>> All => _all;

    /// <summary>The latest completed checkpoint, or <see langword="null"/> where there is none.</summary>
    public CompletedCheckpoint<T>? Latest => _all is [.., var latest] ? latest : null;

    /// <summary>Hands out the ids of checkpoints.</summary>
    public CheckpointIdCounter Counter { get; }

    /// <summary>Reads checkpoints anew.</summary>
    public CompletedCheckpointReader<T> Reader { get; }

    /// <summary>Opens the store and recovers all checkpoints that are kept; one that can't be read fails the whole.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.JobManager"/> of the job.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="storage">Holds the checkpoints.</param>
    /// <param name="serializer">Reads and writes a checkpoint.</param>
    /// <param name="options">Default: one checkpoint is kept.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ArgumentException">The term is not one of the job.</exception>
    /// <exception cref="CheckpointRecoveryException">A checkpoint can't be read; nothing was restored.</exception>
    /// <exception cref="StateLostException">There are checkpoints in the storage, but the ConfigMap with their pointers was deleted by someone else.</exception>
    /// <exception cref="StateHandleCorruptException">A pointer or the counter can't be read.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    /// <exception cref="KubeClientException">The API server refused a request.</exception>
    internal static async Task<CompletedCheckpointStore<T>> OpenAsync(
        LeadershipTerm term, JobId jobId, IStateStorage storage, IStateSerializer<T> serializer, CompletedCheckpointStoreOptions? options = null, CancellationToken cancellationToken = default)
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

    /// <summary>Adds a completed checkpoint with an id that <see cref="Counter"/> has handed out. It is kept, and acknowledged, when this returns.</summary>
    /// <param name="id">Larger than that of <see cref="Latest"/>; an id beyond the counter moves the counter on, in the same request.</param>
    /// <param name="value">What describes the checkpoint.</param>
    /// <param name="cancellationToken">Gives up; the checkpoint may be kept all the same.</param>
    /// <exception cref="ArgumentOutOfRangeException">The id is not larger than that of the latest checkpoint.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the checkpoint is kept; no data was deleted.</exception>
    /// <exception cref="ConfigMapFullException">The ConfigMap would become too large; nothing was written.</exception>
    /// <exception cref="StateStorageException">The checkpoint could not be stored; nothing was written.</exception>
    /// <exception cref="KubeClientException">The API server refused the request; nothing was written.</exception>
    public Task<CompletedCheckpoint<T>> AddAsync(long id, T value, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(id);
        ArgumentOutOfRangeException.ThrowIfEqual(id, long.MaxValue);
        return AddAsync((long?)id, value, cancellationToken);
    }

    /// <summary>Adds a completed checkpoint with the next id, which is taken from the counter in the same request.</summary>
    /// <param name="value">What describes the checkpoint.</param>
    /// <param name="cancellationToken">Gives up; the checkpoint may be kept all the same.</param>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
    /// <exception cref="StateOutcomeUnknownException">Leadership was lost before it was known whether the checkpoint is kept; no data was deleted.</exception>
    /// <exception cref="ConfigMapFullException">The ConfigMap would become too large; nothing was written.</exception>
    /// <exception cref="StateStorageException">The checkpoint could not be stored; nothing was written.</exception>
    /// <exception cref="KubeClientException">The API server refused the request; nothing was written.</exception>
    public Task<CompletedCheckpoint<T>> AddAsync(T value, CancellationToken cancellationToken = default) => AddAsync(id: null, value, cancellationToken);

    /// <summary>Ends the store: of a job that is globally terminal all checkpoints and their data are removed, of any other all stays for the next leader.</summary>
    /// <remarks>A repeat goes on where it broke off. Also when it fails the checkpoints count as not there.</remarks>
    /// <exception cref="LeadershipLostException">The term leads no more; nothing was written.</exception>
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

    /// <returns>The checkpoint, or <see langword="null"/> where the counter has been moved meanwhile: nothing was written.</returns>
    private async Task<CompletedCheckpoint<T>?> TryAddAsync(long? wanted, T value, CancellationToken cancellationToken)
    {
        var counter = Counter.Known!;
        var id = wanted ?? counter.Next;
        if (id <= Latest?.Id)
        {
            throw new ArgumentOutOfRangeException(nameof(wanted), id, $"Checkpoint {Latest.Id} is there already, and checkpoints are added in the order of their ids.");
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
            catch (StateHandleChangedException exception) when (exception.Key == CheckpointKeys.Counter)
            {
                return null;
            }
            catch (Exception exception) when (exception is not (LeadershipLostException or StateStorageException or KubeClientException or ConfigMapFullException))
            {
                // It may have been written, or something is there that should not be: the next one reads first.
                _isUnsure = true;
                throw;
            }

            var added = new CompletedCheckpoint<T>(id, value, add.ToHandle(_store));
            _all = [.. _all.Skip(subsumed.Count), added];
            if (next.Next > counter.Next)
            {
                Counter.Learn(next);
            }

            // The pointers are gone, so nothing depends on the data any more, and what can't be deleted now is left to the sweep.
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
