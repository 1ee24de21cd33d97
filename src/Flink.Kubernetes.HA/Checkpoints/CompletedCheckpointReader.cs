using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Checkpoints;

/// <summary>Reads the completed checkpoints of a job; that needs no leadership. Every call asks the API server.</summary>
/// <typeparam name="T">What describes a checkpoint.</typeparam>
public sealed class CompletedCheckpointReader<T>
{
    private const int MostTries = 10;

    private readonly ConfigMapReader _configMap;
    private readonly StateHandleReader _reader;
    private readonly IStateSerializer<T> _serializer;

    /// <summary>Creates a reader.</summary>
    /// <param name="client">Reaches the API server.</param>
    /// <param name="storage">Holds the checkpoints.</param>
    /// <param name="namespaceName">The namespace of the cluster.</param>
    /// <param name="clusterId">The id of the cluster.</param>
    /// <param name="jobId">The job.</param>
    /// <param name="serializer">Reads a checkpoint.</param>
    public CompletedCheckpointReader(IKubeClient client, IStateStorage storage, string namespaceName, string clusterId, JobId jobId, IStateSerializer<T> serializer)
        : this(new ConfigMapReader(client, HaNames.LeaderConfigMap(namespaceName, clusterId, LeaderComponent.JobManager(jobId))), storage, serializer)
    {
    }

    internal CompletedCheckpointReader(ConfigMapReader configMap, IStateStorage storage, IStateSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        _configMap = configMap;
        _serializer = serializer;
        _reader = new StateHandleReader(configMap, storage, CheckpointKeys.Prefix);
    }

    /// <summary>All completed checkpoints that are kept, from the oldest on; one that can't be read fails the whole.</summary>
    /// <exception cref="CheckpointRecoveryException">A checkpoint can't be read.</exception>
    /// <exception cref="ConfigMapMissingException">The job's ConfigMap does not exist; that is not the same as no checkpoints.</exception>
    /// <exception cref="StateHandleCorruptException">A pointer can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public Task<IReadOnlyList<CompletedCheckpoint<T>>> ListAsync(CancellationToken cancellationToken = default) => ReadAsync(handles => handles, cancellationToken);

    /// <summary>The latest completed checkpoint, or <see langword="null"/> where there is none; an older one is never taken in its place.</summary>
    /// <exception cref="CheckpointRecoveryException">It can't be read.</exception>
    /// <exception cref="ConfigMapMissingException">The job's ConfigMap does not exist; that is not the same as no checkpoints.</exception>
    /// <exception cref="StateHandleCorruptException">A pointer can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<CompletedCheckpoint<T>?> TryGetLatestAsync(CancellationToken cancellationToken = default) =>
        await ReadAsync(handles => handles.TakeLast(1), cancellationToken).ConfigureAwait(false) is [var latest] ? latest : null;

    internal async Task<IReadOnlyList<CompletedCheckpoint<T>>> ReadAsync(ConfigMapContent content, CancellationToken cancellationToken) =>
        await ReadAsync(HandlesOf(content), cancellationToken).ConfigureAwait(false);

    private async Task<IReadOnlyList<CompletedCheckpoint<T>>> ReadAsync(Func<IReadOnlyList<StateHandle>, IEnumerable<StateHandle>> select, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            var handles = HandlesOf(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false));
            try
            {
                return await ReadAsync(select(handles), cancellationToken).ConfigureAwait(false);
            }
            catch (CheckpointRecoveryException exception) when (tries < MostTries)
            {
                // The leader may have removed it since its pointer was read: then it is no loss.
                if (HandlesOf(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false)).Contains(exception.Handle))
                {
                    throw;
                }
            }
        }
    }

    private IReadOnlyList<StateHandle> HandlesOf(ConfigMapContent content) => new StateHandleSnapshot(_configMap.Key, CheckpointKeys.Prefix, content.Data).Handles;

    private async Task<IReadOnlyList<CompletedCheckpoint<T>>> ReadAsync(IEnumerable<StateHandle> handles, CancellationToken cancellationToken)
    {
        List<CompletedCheckpoint<T>> checkpoints = [];
        foreach (var handle in handles)
        {
            var id = CheckpointKeys.IdOf(_configMap.Key, handle.Key);
            try
            {
                checkpoints.Add(new CompletedCheckpoint<T>(id, await _reader.ReadAsync(handle, _serializer, cancellationToken).ConfigureAwait(false), handle));
            }
#pragma warning disable CA1031 // Whatever the storage or the user's serializer throws, it is this checkpoint that can't be read.
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                throw new CheckpointRecoveryException(id, handle, exception);
            }
        }

        return checkpoints;
    }
}
