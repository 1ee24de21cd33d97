using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Reads which jobs are pending, running or done; needs no leadership (Flink's <c>RunningJobsRegistry</c>).</summary>
/// <remarks>Derived from the job graphs, the job results and the locks of the JobManagers; nothing else is stored. Every call is a
/// request to the API server.</remarks>
public sealed class RunningJobs
{
    private readonly ConfigMapRequests _requests;
    private readonly string _namespaceName;
    private readonly string _clusterId;
    private readonly ConfigMapReader _dispatcher;

    internal RunningJobs(ConfigMapRequests requests, string namespaceName, string clusterId)
    {
        (_requests, _namespaceName, _clusterId) = (requests, namespaceName, clusterId);
        _dispatcher = new ConfigMapReader(requests, HaNames.LeaderConfigMap(namespaceName, clusterId, LeaderComponent.Dispatcher));
    }

    /// <summary>Returns the status of a job, or <see langword="null"/> if there is no such job.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">A pointer cannot be read.</exception>
    /// <exception cref="KubernetesHaException">A request failed.</exception>
    public async Task<JobSchedulingStatus?> TryGetAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        var content = await _dispatcher.ReadAsync(cancellationToken).ConfigureAwait(false);
        var jobs = new JobGraphSnapshot(content, _dispatcher.Key);
        return jobs.HasResult(jobId) ? JobSchedulingStatus.Done
            : !jobs.All.ContainsKey(jobId) ? null
            : await IsLedAsync(jobId, cancellationToken).ConfigureAwait(false) ? JobSchedulingStatus.Running : JobSchedulingStatus.Pending;
    }

    /// <summary>Lists the status of every job that exists or has a result.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleException">A pointer or result cannot be read.</exception>
    /// <exception cref="KubernetesHaException">A request failed.</exception>
    public async Task<IReadOnlyDictionary<JobId, JobSchedulingStatus>> ListAsync(CancellationToken cancellationToken = default)
    {
        var content = await _dispatcher.ReadAsync(cancellationToken).ConfigureAwait(false);
        var jobs = new JobGraphSnapshot(content, _dispatcher.Key);
        var list = JobResultEntry.ReadAll(content, _dispatcher.Key).ToDictionary(entry => entry.Result.JobId, _ => JobSchedulingStatus.Done);
        foreach (var (jobId, _) in jobs.Unfinished)
        {
            list.Add(jobId, await IsLedAsync(jobId, cancellationToken).ConfigureAwait(false) ? JobSchedulingStatus.Running : JobSchedulingStatus.Pending);
        }

        return list;
    }

    private async Task<bool> IsLedAsync(JobId jobId, CancellationToken cancellationToken)
    {
        try
        {
            var key = HaNames.LeaderConfigMap(_namespaceName, _clusterId, LeaderComponent.JobManager(jobId));
            var lockHolder = await _requests.GetAsync(key, metadataOnly: true, cancellationToken).ConfigureAwait(false);
            return !string.IsNullOrEmpty(LeaderElectionRecord.Parse(lockHolder.Annotation(HaNames.LockAnnotation)).HolderIdentity);
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            return false;
        }
    }
}
