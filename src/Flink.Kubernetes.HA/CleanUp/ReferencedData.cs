using System.Diagnostics.CodeAnalysis;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>The data to which the cluster's ConfigMaps refer, and which of the ConfigMaps can be trusted to be complete.</summary>
internal sealed class ReferencedData
{
    private readonly Dictionary<string, ConfigMap> _configMaps = [];
    private readonly HashSet<StateKey> _named = [];
    private readonly List<StateHandle> _live = [];

    public ReferencedData(string clusterId, IEnumerable<ConfigMap> configMaps)
    {
        foreach (var configMap in configMaps)
        {
            if (HaConfigMaps.ComponentOf(clusterId, configMap.Key.Name) is { } component)
            {
                _configMaps[component] = configMap;
            }

            foreach (var (key, text) in DataOf(configMap))
            {
                if (TryRead(configMap.Key, key, text, out var handle))
                {
                    _named.Add(handle.State.Key);
                    _live.AddRange(handle.IsBeingRemoved ? [] : [handle]);
                }
            }
        }
    }

    /// <summary>All pointers that are not being removed.</summary>
    public IReadOnlyList<StateHandle> Live => _live;

    public bool Names(StateKey key) => _named.Contains(key);

    /// <summary>Whether the name is the marker for the ID of the component's ConfigMap.</summary>
    public bool IsOrigin(string component, string name) =>
        _configMaps.TryGetValue(component, out var configMap)
        && DataOf(configMap).TryGetValue(EntryKeys.OriginKey, out var id)
        && name == EntryKeys.OriginPrefix + id;

    /// <summary>Whether data of a component without a pointer may be deleted.</summary>
    /// <param name="component">The component.</param>
    /// <param name="entry">The key in the component's ConfigMap for which the data was written.</param>
    /// <param name="written">When the data was written.</param>
    public bool IsOrphan(string component, string entry, DateTimeOffset written)
    {
        if (!_configMaps.TryGetValue(component, out var configMap))
        {
            // The pointers were deleted with the ConfigMap. That was intended only if the Dispatcher no longer has the job.
            return JobOf(component) is { } jobId && IsGone(jobId);
        }

        // A ConfigMap that is younger than the data was re-created, and the pointers of its predecessor are not known.
        return configMap.CreationTimestamp <= written
            && (!DataOf(configMap).TryGetValue(entry, out var text) || TryRead(configMap.Key, entry, text, out _));
    }

    /// <summary>Whether nothing is left of a job that could need its blobs; <see langword="null"/> if that is not known.</summary>
    public bool? AreBlobsOrphans(JobId jobId) =>
        !IsDispatcherKnown ? null : IsGone(jobId) && !_configMaps.ContainsKey(LeaderComponent.JobManager(jobId).Name);

    private bool IsDispatcherKnown =>
        _configMaps.TryGetValue(LeaderComponent.Dispatcher.Name, out var dispatcher) && DataOf(dispatcher).ContainsKey(EntryKeys.OriginKey);

    private bool IsGone(JobId jobId) =>
        IsDispatcherKnown && !DataOf(_configMaps[LeaderComponent.Dispatcher.Name]).ContainsKey(JobGraphSnapshot.Prefix + jobId);

    private static JobId? JobOf(string component) =>
        component.EndsWith("-jobmanager", StringComparison.Ordinal) && JobId.TryParse(component[..^"-jobmanager".Length], out var jobId) ? jobId : null;

    private static IReadOnlyDictionary<string, string> DataOf(ConfigMap configMap) => configMap.Data;

    private static bool TryRead(ObjectKey configMap, string key, string text, [NotNullWhen(true)] out StateHandle? handle)
    {
        try
        {
            handle = StateHandleSnapshot.Read(configMap, string.Empty, key, text);
            return true;
        }
        catch (StateHandleException exception) when (exception.Failure == StateHandleFailure.Corrupt)
        {
            handle = null;
            return false;
        }
    }
}
