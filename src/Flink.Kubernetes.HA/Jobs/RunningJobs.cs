using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Tells which jobs are to run, run or have run; that needs no leadership (Flink's RunningJobsRegistry).</summary>
/// <remarks>Nothing is kept for it: it is read off the job graphs, the job results and the locks of the jobs' JobManagers. Every call asks the API server.</remarks>
public sealed class RunningJobs
{
    private readonly IKubeClient _client;
    private readonly string _namespaceName;
    private readonly string _clusterId;
    private readonly ConfigMapReader _dispatcher;

    /// <summary>Creates the view.</summary>
    /// <param name="client">Reaches the API server.</param>
    /// <param name="namespaceName">The namespace of the cluster.</param>
    /// <param name="clusterId">The id of the cluster.</param>
    public RunningJobs(IKubeClient client, string namespaceName, string clusterId)
    {
        ArgumentNullException.ThrowIfNull(client);
        (_client, _namespaceName, _clusterId) = (client, namespaceName, clusterId);
        _dispatcher = new ConfigMapReader(client, HaNames.LeaderConfigMap(namespaceName, clusterId, LeaderComponent.Dispatcher));
    }

    /// <summary>The status of a job, or <see langword="null"/> where there is no such job.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">A pointer can't be read.</exception>
    /// <exception cref="KubeClientException">A request failed.</exception>
    public async Task<JobSchedulingStatus?> TryGetAsync(JobId jobId, CancellationToken cancellationToken = default)
    {
        var content = await _dispatcher.ReadAsync(cancellationToken).ConfigureAwait(false);
        var jobs = new JobGraphSnapshot(content, _dispatcher.Key);
        return jobs.HasResult(jobId) ? JobSchedulingStatus.Done
            : !jobs.All.ContainsKey(jobId) ? null
            : await IsLedAsync(jobId, cancellationToken).ConfigureAwait(false) ? JobSchedulingStatus.Running : JobSchedulingStatus.Pending;
    }

    /// <summary>The status of every job that is there or has a result.</summary>
    /// <exception cref="ConfigMapMissingException">The Dispatcher's ConfigMap does not exist.</exception>
    /// <exception cref="StateHandleCorruptException">A pointer or result can't be read.</exception>
    /// <exception cref="KubeClientException">A request failed.</exception>
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
            var lockHolder = await _client.GetAsync(KubeResources.ConfigMaps.MetadataOnly, key, cancellationToken).ConfigureAwait(false);
            return !string.IsNullOrEmpty(LeaderElectionRecord.Parse(lockHolder.Metadata.Annotations?.GetValueOrDefault(HaNames.LockAnnotation)).HolderIdentity);
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
            return false;
        }
    }
}
