using System.Diagnostics.CodeAnalysis;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Maintenance;

/// <summary>The data to which the cluster's ConfigMaps refer, and which of the ConfigMaps can be trusted to be complete.</summary>
internal sealed class ReferencedData
{
    private readonly Dictionary<string, ConfigMapContent> _components = [];
    private readonly HashSet<StateKey> _named = [];
    private readonly List<StateHandle> _live = [];
    private readonly JobRegistrySnapshot? _jobs;

    public ReferencedData(string namespaceName, string clusterId, IEnumerable<ConfigMap> configMaps)
    {
        foreach (var configMap in configMaps)
        {
            var component = HaConfigMaps.ComponentOf(clusterId, configMap.Key.Name);
            var content = new ConfigMapContent(configMap, $"{HaNames.StorageRoot(namespaceName, clusterId)}/{component}");
            if (component is not null)
            {
                _components[component] = content;
            }

            foreach (var (key, text) in content.Data)
            {
                // Named by any pointer, also by one that may not be followed here: it may be of use to someone.
                if (TryParse(text, out var pointer))
                {
                    _named.Add(pointer.State.Key);
                    _live.AddRange(content.TryFind(string.Empty, key) is { } handle ? [handle] : []);
                }
            }
        }

        _jobs = _components.TryGetValue(LeaderComponent.Dispatcher.Name, out var dispatcher) && dispatcher.StateId is not null
            ? new JobRegistrySnapshot(dispatcher)
            : null;
    }

    /// <summary>All pointers.</summary>
    public IReadOnlyList<StateHandle> Live => _live;

    public bool Names(StateKey key) => _named.Contains(key);

    /// <summary>Whether data of a component without a pointer may be deleted.</summary>
    /// <param name="component">The component.</param>
    /// <param name="stateId">The ID of the ConfigMap for which the data was written.</param>
    /// <param name="entry">The key in that ConfigMap.</param>
    public bool IsOrphan(string component, string stateId, string entry)
    {
        if (_components.TryGetValue(component, out var content) && content.StateId == stateId)
        {
            return !content.Data.TryGetValue(entry, out var text) || TryParse(text, out _);
        }

        // The ConfigMap with the pointers is gone, or there is another one of its name. That is right only if the job has ended, and only
        // its result says that: a job that the Dispatcher does not know may be kept elsewhere, and have lost its ConfigMap by mistake.
        return JobOf(component) is { } jobId && _jobs?.HasResult(jobId) == true;
    }

    /// <summary>Whether nothing is left of a job that could need its blobs; <see langword="null"/> if that is not known.</summary>
    /// <param name="jobId">The job.</param>
    /// <param name="hasState">Whether there is other data of the job, so that it has run.</param>
    public bool? AreBlobsOrphans(JobId jobId, bool hasState)
    {
        if (_jobs is null)
        {
            return null;
        }

        if (_jobs.HasResult(jobId))
        {
            return true;
        }

        var isKnown = _jobs.IsSubmitted(jobId) || _components.ContainsKey(LeaderComponent.JobManager(jobId).Name);
        return isKnown ? false : hasState ? null : true;
    }

    private static JobId? JobOf(string component) =>
        component.EndsWith("-jobmanager", StringComparison.Ordinal) && JobId.TryParse(component[..^"-jobmanager".Length], out var jobId) ? jobId : null;

    private static bool TryParse(string text, [NotNullWhen(true)] out StatePointer? pointer)
    {
        try
        {
            pointer = text.StartsWith('{') ? StatePointer.Parse(text) : null;
        }
        catch (FormatException)
        {
            pointer = null;
        }

        return pointer is not null;
    }
}
