using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Reads how jobs have ended; that needs no leadership. Every call asks the API server.</summary>
public sealed class JobResultReader
{
    private readonly ConfigMapReader _configMap;

    /// <summary>Creates a reader.</summary>
    /// <param name="client">Reaches the API server.</param>
    /// <param name="namespaceName">The namespace of the cluster.</param>
    /// <param name="clusterId">The id of the cluster.</param>
    public JobResultReader(IKubeClient client, string namespaceName, string clusterId)
        : this(new ConfigMapReader(client, HaNames.LeaderConfigMap(namespaceName, clusterId, LeaderComponent.Dispatcher)))
    {
    }

    internal JobResultReader(ConfigMapReader configMap) => _configMap = configMap;

    /// <summary>The result of a job, or <see langword="null"/> where it has none: it has not ended, or was cleaned up long ago.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">The result can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<JobResult?> TryGetAsync(JobId jobId, CancellationToken cancellationToken = default) =>
        JobResultEntry.Find(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false), _configMap.Key, jobId)?.Result;

    /// <summary>Whether a job has a result, dirty or clean: then it must not run again.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<bool> HasAsync(JobId jobId, CancellationToken cancellationToken = default) =>
        (await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false)).Data.ContainsKey(JobResultEntry.KeyOf(jobId));

    /// <summary>All results that are kept, from the oldest on.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">One of them can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<IReadOnlyList<JobResult>> ListAsync(CancellationToken cancellationToken = default) =>
        [.. (await ReadAllAsync(cancellationToken).ConfigureAwait(false)).Select(entry => entry.Result)];

    /// <summary>The results of jobs that are to be cleaned up yet, from the oldest on.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">One of the results can't be read.</exception>
    /// <exception cref="KubeClientException">The request failed.</exception>
    public async Task<IReadOnlyList<JobResult>> ListDirtyAsync(CancellationToken cancellationToken = default) =>
        [.. (await ReadAllAsync(cancellationToken).ConfigureAwait(false)).Where(entry => entry.IsDirty).Select(entry => entry.Result)];

    private async Task<IReadOnlyList<JobResultEntry>> ReadAllAsync(CancellationToken cancellationToken) =>
        JobResultEntry.ReadAll(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false), _configMap.Key);
}
