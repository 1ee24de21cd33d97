using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Reads the job graphs of jobs that have not ended; that needs no leadership. Every call asks the API server.</summary>
/// <typeparam name="T">What describes a job.</typeparam>
public sealed class JobGraphReader<T>
{
    private readonly ConfigMapReader _configMap;
    private readonly IStateSerializer<T> _serializer;
    private readonly StateHandleReader _reader;

    /// <summary>Creates a reader.</summary>
    /// <param name="client">Reaches the API server.</param>
    /// <param name="storage">Holds the job graphs.</param>
    /// <param name="namespaceName">The namespace of the cluster.</param>
    /// <param name="clusterId">The id of the cluster.</param>
    /// <param name="serializer">Reads a job graph.</param>
    public JobGraphReader(IKubeClient client, IStateStorage storage, string namespaceName, string clusterId, IStateSerializer<T> serializer)
        : this(new ConfigMapReader(client, HaNames.LeaderConfigMap(namespaceName, clusterId, LeaderComponent.Dispatcher)), storage, serializer)
    {
    }

    internal JobGraphReader(ConfigMapReader configMap, IStateStorage storage, IStateSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        _configMap = configMap;
        _serializer = serializer;
        _reader = new StateHandleReader(configMap, storage, JobGraphSnapshot.Prefix);
    }

    /// <summary>The ids of the jobs that are there and have not ended.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist; that is not the same as no jobs.</exception>
    /// <exception cref="StateHandleCorruptException">One of the pointers can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<IReadOnlyList<JobId>> ListAsync(CancellationToken cancellationToken = default) =>
        [.. (await SnapshotAsync(cancellationToken).ConfigureAwait(false)).Unfinished.Select(job => job.Key)];

    /// <summary>Reads the graph of a job.</summary>
    /// <exception cref="StateHandleNotFoundException">There is no such job.</exception>
    /// <exception cref="JobFinishedException">The job has ended.</exception>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">The pointer can't be read.</exception>
    /// <exception cref="StateStorageException">The data is missing, is not what was written, or can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<T> GetAsync(JobId jobId, CancellationToken cancellationToken = default) =>
        await ReadAsync((await SnapshotAsync(cancellationToken).ConfigureAwait(false)).Get(jobId), cancellationToken).ConfigureAwait(false);

    internal async Task<JobGraphSnapshot> SnapshotAsync(CancellationToken cancellationToken) =>
        new(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false), _configMap.Key);

    internal Task<T> ReadAsync(StateHandle handle, CancellationToken cancellationToken) => _reader.ReadAsync(handle, _serializer, cancellationToken);
}
