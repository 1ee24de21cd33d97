using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.StateHandles.Changes;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Removes everything of a cluster that has ended for good: all its HA ConfigMaps and all its data.</summary>
/// <remarks>
/// <para>
/// That it is to be done is written into the Dispatcher's ConfigMap first, which goes last: whoever leads the Dispatcher next resumes. Jobs go as
/// <see cref="JobCleanUp"/> has them go. ConfigMaps of other components are deleted whoever leads them.
/// </para>
/// <para>End the other replicas first: one that still contends creates ConfigMaps anew, empty. Afterwards the term is lost, for its ConfigMap is gone.</para>
/// </remarks>
public sealed class ClusterCleanUp
{
    private const int MostChanges = 1000;

    private readonly LeadershipTerm _term;
    private readonly IStateStorage _storage;
    private readonly TermValues _values;
    private readonly JobCleanUp _jobs;
    private readonly Persistence _persistence;
    private readonly ConfigMapDeletion _configMaps;

    private ClusterCleanUp(LeadershipTerm term, IStateStorage storage, CleanUpOptions options)
    {
        (_term, _storage) = (term, storage);
        _values = new TermValues(term);
        _jobs = JobCleanUp.Open(term, storage, results: null, options);
        _persistence = new Persistence(term, options);
        _configMaps = new ConfigMapDeletion(term);
    }

    /// <summary>Opens the clean-up; that sends no request.</summary>
    /// <param name="term">A term of <see cref="LeaderComponent.Dispatcher"/>.</param>
    /// <param name="storage">Holds the data.</param>
    /// <param name="options">Default: 10 tries, with pauses from 1 s to 30 s.</param>
    /// <exception cref="ArgumentException">The term is one of another component, or the options make no sense.</exception>
    public static ClusterCleanUp Open(LeadershipTerm term, IStateStorage storage, CleanUpOptions? options = null)
    {
        TermValues.Require(term, LeaderComponent.Dispatcher, "What tells whether the cluster has ended");
        ArgumentNullException.ThrowIfNull(storage);
        return new ClusterCleanUp(term, storage, options ?? new CleanUpOptions());
    }

    /// <summary>Removes everything, if the cluster has ended for good; otherwise everything is kept.</summary>
    /// <param name="status">How the cluster has ended: that of its one job, or of the application.</param>
    /// <param name="cancellationToken">Gives up; resuming goes on.</param>
    /// <returns>Whether everything was removed; <see langword="false"/> where the status is not globally terminal.</returns>
    /// <exception cref="InvalidOperationException">There are jobs that have not ended; nothing was removed.</exception>
    /// <exception cref="CleanUpFailedException">A step failed again and again; the next leader can resume.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; the next leader can resume.</exception>
    public async Task<bool> RunAsync(JobStatus status, CancellationToken cancellationToken = default)
    {
        if (!status.IsGloballyTerminal())
        {
            Log.ClusterKept(_term.Context.Logger, _term.Context.ClusterId, status.ToString());
            return false;
        }

        var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
        var unfinished = new JobGraphSnapshot(content, _values.ConfigMap).Unfinished.Select(job => job.Key.ToString()).ToList();
        if (unfinished.Count > 0)
        {
            throw new InvalidOperationException($"{unfinished.Count} jobs have not ended, such as {unfinished[0]}, so nothing of the cluster may be removed: cancel them, or keep the cluster.");
        }

        Log.ClusterCleanUpBegins(_term.Context.Logger, _term.Context.ClusterId, status.ToString());
        try
        {
            await _values.ChangeAsync(JobMarkers.CleanUp, content.Data.GetValueOrDefault(JobMarkers.CleanUp), status.ToString(), cancellationToken).ConfigureAwait(false);
            await _jobs.ResumeAsync(cancellationToken).ConfigureAwait(false);
            await RemoveAllAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is KubeClientException or StateStorageException or StillLedException or StateHandleException)
        {
            throw new CleanUpFailedException($"Cluster {_term.Context.ClusterId}", [], exception);
        }

        return true;
    }

    /// <summary>Goes on where an earlier leader broke off, if one did.</summary>
    /// <returns>Whether there was something to go on with; then everything is removed now.</returns>
    /// <exception cref="CleanUpFailedException">A step failed again and again; the next leader can resume.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more; the next leader can resume.</exception>
    public async Task<bool> ResumeAsync(CancellationToken cancellationToken = default)
    {
        var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
        return content.Data.TryGetValue(JobMarkers.CleanUp, out var text)
            && (Enum.TryParse<JobStatus>(text, out var status) && status.IsGloballyTerminal()
                ? await RunAsync(status, cancellationToken).ConfigureAwait(false)
                : throw new StateHandleCorruptException(_values.ConfigMap, JobMarkers.CleanUp, $"\"{text}\" is not a globally terminal status"));
    }

    private async Task RemoveAllAsync(CancellationToken cancellationToken)
    {
        var root = _term.Context.StorageRoot;
        var data = new DataDeletion(_term, _storage);
        await _persistence.RunAsync("the list of data", token => data.ListAsync($"{root}/", token), cancellationToken).ConfigureAwait(false);
        await _persistence.RunAsync("the ConfigMaps of other components", RemoveOthersAsync, cancellationToken).ConfigureAwait(false);
        await _persistence.RunAsync("the pointers of the Dispatcher", RemoveEntriesAsync, cancellationToken).ConfigureAwait(false);
        await _persistence.RunAsync("the data", data.RunAsync, cancellationToken).ConfigureAwait(false);
        await _persistence.RunAsync($"ConfigMap {_values.ConfigMap}", RemoveOwnAsync, cancellationToken).ConfigureAwait(false);
    }

    private async Task RemoveOthersAsync(CancellationToken cancellationToken)
    {
        var own = _values.ConfigMap;
        foreach (var item in await HaConfigMaps.ListAsync(_term.Context.Requests.Client, KubeResources.ConfigMaps.MetadataOnly, own.Namespace, _term.Context.ClusterId, cancellationToken).ConfigureAwait(false))
        {
            if (item.Key != own)
            {
                var isJob = HaConfigMaps.ComponentOf(_term.Context.ClusterId, item.Key.Name)?.EndsWith("-jobmanager", StringComparison.Ordinal) == true;
                await _configMaps.RunAsync(item.Key, whoeverHolds: !isJob, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Leaves nothing but the lock, the id by which the data is known to belong here, and the word that all is to be removed.</summary>
    private async Task RemoveEntriesAsync(CancellationToken cancellationToken)
    {
        var content = await _values.ReadAsync(cancellationToken).ConfigureAwait(false);
        var entries = content.Data.Where(entry => entry.Key is not (HaNames.AddressKey or HaNames.SessionIdKey or HaNames.FencingTokenKey or EntryKeys.OriginKey or JobMarkers.CleanUp));
        foreach (var part in entries.Chunk(MostChanges))
        {
            await _values.ChangeAsync(part.Select(entry => new ValueChange(entry.Key, entry.Value, value: null)), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task RemoveOwnAsync(CancellationToken cancellationToken)
    {
        // A renewal changes the version: this is read and tried anew until it falls between two of them.
        if (await _configMaps.ReadAsync(_values.ConfigMap, cancellationToken).ConfigureAwait(false) is { } own && own.Metadata.Uid == _term.Keeper.Uid)
        {
            await _configMaps.DeleteAsync(_values.ConfigMap, own, cancellationToken).ConfigureAwait(false);
        }
    }
}
