using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The jobs of the Dispatcher's ConfigMap at one moment: which are there, and which of them have ended.</summary>
internal sealed class JobGraphSnapshot
{
    public const string Prefix = "jobGraph-";

    private readonly ConfigMapContent _content;
    private readonly ObjectKey _configMap;

    /// <exception cref="StateHandleCorruptException">A pointer can't be read, or its name is not a job's id.</exception>
    public JobGraphSnapshot(ConfigMapContent content, ObjectKey configMap)
    {
        (_content, _configMap) = (content, configMap);
        All = new StateHandleSnapshot(configMap, Prefix, content.Data).Handles.ToDictionary(handle => JobId.TryParse(handle.Name, out var id)
            ? id
            : throw new StateHandleCorruptException(configMap, handle.Key, "its name is not a job id, which has 32 hex digits"));
    }

    /// <summary>All job graphs, also those of jobs that have ended.</summary>
    public IReadOnlyDictionary<JobId, StateHandle> All { get; }

    /// <summary>The job graphs of jobs that are to run.</summary>
    public IEnumerable<KeyValuePair<JobId, StateHandle>> Unfinished => All.Where(job => !HasResult(job.Key)).OrderBy(job => job.Value.Key, StringComparer.Ordinal);

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
    /// <exception cref="StateHandleNotFoundException">There is none.</exception>
    public StateHandle Get(JobId jobId)
    {
        ThrowIfFinished(jobId);
        return All.GetValueOrDefault(jobId) ?? throw new StateHandleNotFoundException(_configMap, Prefix + jobId);
    }
}
