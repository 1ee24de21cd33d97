using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Reads the job graphs of jobs that have not ended; needs no leadership. Every call is a request to the API server.</summary>
/// <typeparam name="T">The type of the job graphs.</typeparam>
public sealed class JobGraphReader<T>
{
    private readonly ConfigMapReader _configMap;
    private readonly IStateSerializer<T> _serializer;
    private readonly StateHandleReader _reader;

    internal JobGraphReader(ConfigMapReader configMap, IStateStorage storage, IStateSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        _configMap = configMap;
        _serializer = serializer;
        _reader = new StateHandleReader(configMap, storage, JobGraphSnapshot.Prefix);
    }

    /// <summary>Lists the IDs of the jobs that exist and have not ended.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist, which is not the same as no jobs.</exception>
    /// <exception cref="StateHandleException">A pointer cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<IReadOnlyList<JobId>> ListAsync(CancellationToken cancellationToken = default) =>
        [.. (await SnapshotAsync(cancellationToken).ConfigureAwait(false)).Unfinished.Select(job => job.Key)];

    /// <summary>Reads the graph of a job.</summary>
    /// <exception cref="StateHandleException">There is no such job.</exception>
    /// <exception cref="JobFinishedException">The job has ended.</exception>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">The pointer cannot be read.</exception>
    /// <exception cref="StateStorageException">The data is missing, is not what was written, or cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<T> GetAsync(JobId jobId, CancellationToken cancellationToken = default) =>
        await ReadAsync((await SnapshotAsync(cancellationToken).ConfigureAwait(false)).Get(jobId), cancellationToken).ConfigureAwait(false);

    internal async Task<JobGraphSnapshot> SnapshotAsync(CancellationToken cancellationToken) =>
        new(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false), _configMap.Key);

    internal Task<T> ReadAsync(StateHandle handle, CancellationToken cancellationToken) => _reader.ReadAsync(handle, _serializer, cancellationToken);
}
