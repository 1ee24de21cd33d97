using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Reads the jobs of a cluster and their results; needs no leadership. Every call is a request to the API server.</summary>
/// <typeparam name="T">The type of the job graphs.</typeparam>
public sealed class JobRegistryReader<T>
{
    private readonly ConfigMapRequests _requests;
    private readonly string _clusterId;
    private readonly ConfigMapReader _configMap;
    private readonly IStateSerializer<T> _serializer;
    private readonly StateHandleReader _reader;

    internal JobRegistryReader(ConfigMapRequests requests, string namespaceName, string clusterId, IStateStorage storage, IStateSerializer<T> serializer)
    {
        ArgumentNullException.ThrowIfNull(serializer);
        (_requests, _clusterId, _serializer) = (requests, clusterId, serializer);
        _configMap = new ConfigMapReader(requests, namespaceName, clusterId, LeaderComponent.Dispatcher);
        _reader = new StateHandleReader(_configMap, storage, JobRegistrySnapshot.GraphPrefix);
    }

    /// <summary>Reads which jobs there are and which have ended.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist, which is not the same as no jobs.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<JobRegistrySnapshot> ReadAsync(CancellationToken cancellationToken = default) =>
        new(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false));

    /// <summary>Reads the graph of a job.</summary>
    /// <exception cref="StateHandleException">There is no such job, or its pointer cannot be read.</exception>
    /// <exception cref="JobFinishedException">The job has ended.</exception>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateStorageException">The data is missing, is not what was written, or cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<T> GetAsync(JobId jobId, CancellationToken cancellationToken = default) =>
        await ReadGraphAsync((await ReadAsync(cancellationToken).ConfigureAwait(false)).GetGraph(jobId), cancellationToken).ConfigureAwait(false);

    /// <summary>Reads the status of every job that exists or has a result (Flink's <c>RunningJobsRegistry</c>).</summary>
    /// <remarks>Derived from the registry and from the locks of the JobManagers, in two kinds of requests; nothing else is stored.</remarks>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="KubernetesHaException">A request failed.</exception>
    public async Task<IReadOnlyDictionary<JobId, JobSchedulingStatus>> ReadStatusesAsync(CancellationToken cancellationToken = default)
    {
        var jobs = await ReadAsync(cancellationToken).ConfigureAwait(false);
        var led = new HashSet<ObjectKey>();
        foreach (var configMap in await HaConfigMaps.ListAsync(_requests, isMetadataOnly: true, _configMap.Key.Namespace, _clusterId, cancellationToken).ConfigureAwait(false))
        {
            if (!string.IsNullOrEmpty(LeaderElectionRecord.Parse(configMap.Annotation(HaNames.LockAnnotation)).HolderIdentity))
            {
                led.Add(configMap.Key);
            }
        }

        var statuses = jobs.Entries.ToDictionary(entry => entry.Result.JobId, _ => JobSchedulingStatus.Done);
        foreach (var job in jobs.Jobs)
        {
            var key = HaNames.LeaderConfigMap(_configMap.Key.Namespace, _clusterId, LeaderComponent.JobManager(job));
            statuses.Add(job, led.Contains(key) ? JobSchedulingStatus.Running : JobSchedulingStatus.Pending);
        }

        return statuses;
    }

    internal Task<T> ReadGraphAsync(StateHandle handle, CancellationToken cancellationToken) => _reader.ReadAsync(handle, _serializer, cancellationToken);
}
