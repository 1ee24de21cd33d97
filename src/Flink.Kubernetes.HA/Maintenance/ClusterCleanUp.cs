using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Maintenance;

/// <summary>Removes everything that belongs to a cluster that has ended permanently: all its HA ConfigMaps and all its data.</summary>
/// <remarks>
/// <para>
/// The clean-up is first recorded in the Dispatcher's ConfigMap, which is deleted last, so that the next leader of the Dispatcher can resume it. Jobs
/// are removed as by <see cref="JobRegistry{T}.CleanUpAsync"/>. ConfigMaps of other components are deleted even if their locks are held.
/// </para>
/// <para>Stop the other replicas first: one that still contends re-creates empty ConfigMaps. Afterwards the term is lost, because its
/// ConfigMap is deleted.</para>
/// </remarks>
public sealed class ClusterCleanUp
{
    private const int MostChanges = 1000;

    private readonly LeadershipTerm _term;
    private readonly IStateStorage _storage;
    private readonly TermValues _values;
    private readonly RetryPolicy _retryPolicy;
    private readonly ConfigMapDeletion _configMaps;

    private readonly CleanUpOptions _options;

    private ClusterCleanUp(LeadershipTerm term, IStateStorage storage, CleanUpOptions options)
    {
        options.Check();
        (_term, _storage, _options) = (term, storage, options);
        _values = new TermValues(term);
        _retryPolicy = new RetryPolicy(term, options);
        _configMaps = new ConfigMapDeletion(term);
    }

    /// <summary>Opens the clean-up; sends no request.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.Dispatcher"/>.</param>
    /// <param name="storage">The storage of the data.</param>
    /// <param name="options">The options. Default: 10 attempts, with delays from 1 s to 30 s.</param>
    /// <exception cref="ArgumentException">The term is of another component, or the options are not valid.</exception>
    internal static ClusterCleanUp Open(LeadershipTerm term, IStateStorage storage, CleanUpOptions? options = null)
    {
        TermValues.Require(term, LeaderComponent.Dispatcher, "The record of the cluster's end");
        ArgumentNullException.ThrowIfNull(storage);
        return new ClusterCleanUp(term, storage, options ?? new CleanUpOptions());
    }

    /// <summary>Removes everything if the cluster has ended permanently; otherwise keeps everything.</summary>
    /// <param name="status">The final status of the cluster: that of its only job, or of the application.</param>
    /// <param name="cancellationToken">A token to cancel the operation; <see cref="ResumeAsync"/> continues it.</param>
    /// <returns>Whether everything was removed; <see langword="false"/> if the status is not globally terminal.</returns>
    /// <exception cref="InvalidOperationException">There are jobs that have not ended; nothing was removed.</exception>
    /// <exception cref="CleanUpFailedException">A step failed repeatedly; the next leader can resume.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost; the next leader can resume.</exception>
    public async Task<bool> RunAsync(JobStatus status, CancellationToken cancellationToken = default)
    {
        if (!status.IsGloballyTerminal())
        {
            Log.ClusterKept(_term.Logger, _term.ClusterId, status.ToString());
            return false;
        }

        await ThrowIfUnfinishedAsync(cancellationToken).ConfigureAwait(false);
        Log.ClusterCleanUpBegins(_term.Logger, _term.ClusterId, status.ToString());
        try
        {
            await RecordAsync(status, cancellationToken).ConfigureAwait(false);
            if ((await ReadAsync(cancellationToken).ConfigureAwait(false)).DirtyResults.Count > 0)
            {
                // Only then: a store does not open where pointers were lost, and all that is left is to be removed nevertheless.
                var jobs = await StateHandleStore.OpenAsync(_term, _storage, JobRegistrySnapshot.GraphPrefix, cancellationToken).ConfigureAwait(false);
                await new JobResults(jobs, new JobRegistryOptions { CleanUp = _options }).ResumeCleanUpAsync(cancellationToken).ConfigureAwait(false);
            }

            await RemoveAllAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is KubernetesHaException or StateStorageException or StillLedException or StateHandleException)
        {
            throw new CleanUpFailedException($"Cluster {_term.ClusterId}", [], exception);
        }

        return true;
    }

    /// <summary>Resumes the clean-up that an earlier leader has started, if there is one.</summary>
    /// <returns>Whether there was a clean-up to resume; if so, everything is now removed.</returns>
    /// <exception cref="CleanUpFailedException">A step failed repeatedly; the next leader can resume.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost; the next leader can resume.</exception>
    public async Task<bool> ResumeAsync(CancellationToken cancellationToken = default)
    {
        var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
        return content.Data.TryGetValue(ClusterEnd.Key, out var text)
            && (Enum.TryParse<JobStatus>(text, out var status) && status.IsGloballyTerminal()
                ? await RunAsync(status, cancellationToken).ConfigureAwait(false)
                : throw StateHandleException.Corrupt(_values.ConfigMap, ClusterEnd.Key, $"\"{text}\" is not a globally terminal status"));
    }

    /// <summary>Records that the cluster has ended. From then on no job can be put; one that was put before keeps the cluster.</summary>
    private async Task RecordAsync(JobStatus status, CancellationToken cancellationToken)
    {
        var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
        var recorded = content.Data.GetValueOrDefault(ClusterEnd.Key);
        await _values.ChangeAsync(ClusterEnd.Key, recorded, status.ToString(), cancellationToken).ConfigureAwait(false);
        await ThrowIfUnfinishedAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ThrowIfUnfinishedAsync(CancellationToken cancellationToken)
    {
        var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfUnfinished(new JobRegistrySnapshot(content));
        }
        catch (InvalidOperationException)
        {
            // A job was put between the first check and the record: acknowledged, so it stays, and with it the cluster. The record may be one
            // that a leader before has left.
            if (content.Data.TryGetValue(ClusterEnd.Key, out var recorded))
            {
                await _values.ChangeAsync(ClusterEnd.Key, recorded, value: null, CancellationToken.None).ConfigureAwait(false);
            }

            throw;
        }
    }

    private async Task<JobRegistrySnapshot> ReadAsync(CancellationToken cancellationToken) =>
        new(await _values.ReadAsync(cancellationToken).ConfigureAwait(false));

    private static void ThrowIfUnfinished(JobRegistrySnapshot jobs)
    {
        if (jobs.Jobs is [var first, ..])
        {
            throw new InvalidOperationException(
                $"{jobs.Jobs.Count} jobs have not ended, such as {first}, so nothing of the cluster may be removed: cancel them, or keep the cluster.");
        }

        if (jobs.Unreadable is [var unreadable, ..])
        {
            throw new InvalidOperationException(
                "An entry of the job registry cannot be read, so it is not known whether a job has not ended, and nothing of the cluster may be "
                + $"removed: {unreadable.Message}",
                unreadable);
        }
    }

    private async Task RemoveAllAsync(CancellationToken cancellationToken)
    {
        var root = _term.StorageRoot;
        var data = new DataDeletion(_term, _storage);
        await _retryPolicy.RunAsync("the list of data", token => data.ListAsync($"{root}/", token), cancellationToken).ConfigureAwait(false);
        await _retryPolicy.RunAsync("the ConfigMaps of other components", RemoveOthersAsync, cancellationToken).ConfigureAwait(false);
        await _retryPolicy.RunAsync("the pointers of the Dispatcher", RemoveEntriesAsync, cancellationToken).ConfigureAwait(false);
        await _retryPolicy.RunAsync("the data", data.RunAsync, cancellationToken).ConfigureAwait(false);
        try
        {
            await _retryPolicy.RunAsync($"ConfigMap {_values.ConfigMap}", RemoveOwnAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (LeadershipLostException exception) when (exception.Reason == LeadershipLossReason.Deleted)
        {
            // The watch can report the deletion, which ends the term, before the response to it arrives or when the response is lost.
        }
    }

    private async Task RemoveOthersAsync(CancellationToken cancellationToken)
    {
        var own = _values.ConfigMap;
        var all = await HaConfigMaps.ListAsync(_term.Requests, isMetadataOnly: true, own.Namespace, _term.ClusterId, cancellationToken).ConfigureAwait(false);
        foreach (var item in all)
        {
            if (item.Key != own)
            {
                var isJob = HaConfigMaps.ComponentOf(_term.ClusterId, item.Key.Name)?.EndsWith("-jobmanager", StringComparison.Ordinal) == true;
                await _configMaps.RunAsync(item.Key, whoeverHolds: !isJob, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Removes all entries but the lock, the ID to which the data belongs, and the record of the clean-up.</summary>
    private async Task RemoveEntriesAsync(CancellationToken cancellationToken)
    {
        var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
        var entries = content.Data.Where(entry => entry.Key is not (
            HaNames.AddressKey or HaNames.SessionIdKey or HaNames.FencingTokenKey or EntryKeys.StateId or ClusterEnd.Key));
        foreach (var part in entries.Chunk(MostChanges))
        {
            await _values.ChangeAsync(part.Select(entry => new ValueChange(entry.Key, entry.Value, value: null)), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RemoveOwnAsync(CancellationToken cancellationToken)
    {
        // Every renewal changes the version, and a delete tests it: the retry policy repeats this until it fits between two renewals.
        if (await _configMaps.ReadAsync(_values.ConfigMap, cancellationToken).ConfigureAwait(false) is { } own && own.Uid == _term.ConfigMapUid)
        {
            await _configMaps.DeleteAsync(_values.ConfigMap, own, cancellationToken).ConfigureAwait(false);
        }
    }
}
