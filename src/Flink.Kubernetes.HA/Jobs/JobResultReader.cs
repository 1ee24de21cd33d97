using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Reads the results of jobs; needs no leadership. Every call is a request to the API server.</summary>
public sealed class JobResultReader
{
    private readonly ConfigMapReader _configMap;

    internal JobResultReader(ConfigMapReader configMap) => _configMap = configMap;

    /// <summary>Returns the result of a job, or <see langword="null"/> if it has none: it has not ended, or was cleaned up long ago.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">The result cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<JobResult?> TryGetAsync(JobId jobId, CancellationToken cancellationToken = default) =>
        JobResultEntry.Find(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false), _configMap.Key, jobId)?.Result;

    /// <summary>Returns whether a job has a result, dirty or clean. If so it must not run again.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<bool> HasAsync(JobId jobId, CancellationToken cancellationToken = default) =>
        (await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false)).Data.ContainsKey(JobResultEntry.KeyOf(jobId));

    /// <summary>Lists all results that are kept, oldest first.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">A result cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<IReadOnlyList<JobResult>> ListAsync(CancellationToken cancellationToken = default) =>
        [.. (await ReadAllAsync(cancellationToken).ConfigureAwait(false)).Select(entry => entry.Result)];

    /// <summary>Lists the results of jobs that are still to be cleaned up, oldest first.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">A result cannot be read.</exception>
    /// <exception cref="KubernetesHaException">The request failed.</exception>
    public async Task<IReadOnlyList<JobResult>> ListDirtyAsync(CancellationToken cancellationToken = default) =>
        [.. (await ReadAllAsync(cancellationToken).ConfigureAwait(false)).Where(entry => entry.IsDirty).Select(entry => entry.Result)];

    private async Task<IReadOnlyList<JobResultEntry>> ReadAllAsync(CancellationToken cancellationToken) =>
        JobResultEntry.ReadAll(await _configMap.ReadAsync(cancellationToken).ConfigureAwait(false), _configMap.Key);
}
