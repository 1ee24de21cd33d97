using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The jobs of a cluster and the results of those that have ended, from one read of the Dispatcher's ConfigMap.</summary>
public sealed class JobRegistrySnapshot
{
    internal const string GraphPrefix = "jobGraph-";

    private readonly ConfigMapContent _content;
    private readonly Dictionary<JobId, StateHandle> _graphs = [];
    private readonly Dictionary<JobId, JobResultEntry> _results = [];

    internal JobRegistrySnapshot(ConfigMapContent content)
    {
        _content = content;
        List<StateHandleException> unreadable = [];
        foreach (var (key, text) in content.Data.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            try
            {
                if (key.StartsWith(GraphPrefix, StringComparison.Ordinal))
                {
                    _graphs.Add(JobOf(key, GraphPrefix), content.Find(GraphPrefix, key)!);
                }
                else if (key.StartsWith(JobResultEntry.Prefix, StringComparison.Ordinal))
                {
                    _results.Add(JobOf(key, JobResultEntry.Prefix), JobResultEntry.Read(content.Key, key, text));
                }
            }
            catch (StateHandleException exception)
            {
                unreadable.Add(exception);
            }
        }

        Unreadable = unreadable;
        Jobs = [.. _graphs.Keys.Where(job => !HasResult(job))];
        Entries = [.. _results.Values.OrderBy(entry => entry.Number)];
    }

    /// <summary>The jobs that have not ended, in the order of their IDs.</summary>
    public IReadOnlyList<JobId> Jobs { get; }

    /// <summary>The results that are kept, oldest first.</summary>
    public IReadOnlyList<JobResult> Results => [.. Entries.Select(entry => entry.Result)];

    /// <summary>The results of jobs that are still to be cleaned up, oldest first.</summary>
    public IReadOnlyList<JobResult> DirtyResults => [.. Entries.Where(entry => entry.IsDirty).Select(entry => entry.Result)];

    /// <summary>Why each of the other entries cannot be read. They are not absent: a job whose result cannot be read does not run again.</summary>
    public IReadOnlyList<StateHandleException> Unreadable { get; }

    internal IReadOnlyList<JobResultEntry> Entries { get; }

    /// <summary>Returns whether the job has ended: whether it has a result, even one that cannot be read. If so it must not run again.</summary>
    public bool HasResult(JobId jobId) => _content.Data.ContainsKey(JobResultEntry.Prefix + jobId);

    /// <summary>Returns the result of a job, or <see langword="null"/> if it has none that can be read.</summary>
    public JobResult? TryGetResult(JobId jobId) => _results.GetValueOrDefault(jobId)?.Result;

    /// <summary>Whether there is a job graph, even one that cannot be read.</summary>
    internal bool IsSubmitted(JobId jobId) => _content.Data.ContainsKey(GraphPrefix + jobId);

    /// <exception cref="JobFinishedException">The job has ended.</exception>
    internal void ThrowIfFinished(JobId jobId)
    {
        // While a cluster that has ended is being removed, its results go before its data does.
        if (HasResult(jobId) || _content.Data.ContainsKey(ClusterEnd.Key))
        {
            throw new JobFinishedException(jobId, TryGetResult(jobId)?.Status);
        }
    }

    /// <exception cref="JobFinishedException">The job has ended.</exception>
    /// <exception cref="StateHandleException">There is no such job, or its pointer cannot be read.</exception>
    internal StateHandle GetGraph(JobId jobId)
    {
        ThrowIfFinished(jobId);
        return _content.Find(GraphPrefix, GraphPrefix + jobId) ?? throw StateHandleException.NotFound(_content.Key, GraphPrefix + jobId);
    }

    /// <exception cref="StateHandleException">The result cannot be read.</exception>
    internal JobResultEntry? FindEntry(JobId jobId) => _content.Data.TryGetValue(JobResultEntry.Prefix + jobId, out var text)
        ? JobResultEntry.Read(_content.Key, JobResultEntry.Prefix + jobId, text)
        : null;

    private JobId JobOf(string key, string prefix) => JobId.TryParse(key[prefix.Length..], out var jobId)
        ? jobId
        : throw StateHandleException.Corrupt(_content.Key, key, "its name is not a job ID, which has 32 hex digits");
}
