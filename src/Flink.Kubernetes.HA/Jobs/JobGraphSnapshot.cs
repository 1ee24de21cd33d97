using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The jobs in one read of the Dispatcher's ConfigMap, and which of them have ended.</summary>
internal sealed class JobGraphSnapshot
{
    public const string Prefix = "jobGraph-";

    private readonly ConfigMapContent _content;
    private readonly ObjectKey _configMap;

    /// <exception cref="StateHandleException">A pointer cannot be read, or its name is not a job ID.</exception>
    public JobGraphSnapshot(ConfigMapContent content, ObjectKey configMap)
    {
        (_content, _configMap) = (content, configMap);
        All = new StateHandleSnapshot(configMap, Prefix, content.Data).Handles.ToDictionary(handle => JobId.TryParse(handle.Name, out var id)
            ? id
            : throw StateHandleException.Corrupt(configMap, handle.Key, "its name is not a job ID, which has 32 hex digits"));
    }

    /// <summary>All job graphs, including those of jobs that have ended.</summary>
    public IReadOnlyDictionary<JobId, StateHandle> All { get; }

    /// <summary>The job graphs of jobs that have not ended.</summary>
    public IEnumerable<KeyValuePair<JobId, StateHandle>> Unfinished =>
        All.Where(job => !HasResult(job.Key)).OrderBy(job => job.Value.Key, StringComparer.Ordinal);

    public bool HasResult(JobId jobId) => _content.Data.ContainsKey(JobResultEntry.KeyOf(jobId));

    /// <exception cref="JobFinishedException">The job has ended.</exception>
    public void ThrowIfFinished(JobId jobId)
    {
        if (HasResult(jobId))
        {
            throw new JobFinishedException(jobId, JobResultEntry.Find(_content, _configMap, jobId)?.Result.Status);
        }
    }

    /// <exception cref="JobFinishedException">The job has ended.</exception>
    /// <exception cref="StateHandleException">There is no such job.</exception>
    public StateHandle Get(JobId jobId)
    {
        ThrowIfFinished(jobId);
        return All.GetValueOrDefault(jobId) ?? throw StateHandleException.NotFound(_configMap, Prefix + jobId);
    }
}
