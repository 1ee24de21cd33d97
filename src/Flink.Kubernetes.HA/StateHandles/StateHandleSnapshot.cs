using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The entries of a store from one read of the ConfigMap.</summary>
public sealed class StateHandleSnapshot
{
    private readonly IReadOnlyDictionary<string, string> _data;

    internal StateHandleSnapshot(ObjectKey configMap, string prefix, IReadOnlyDictionary<string, string> data)
    {
        _data = data;
        ConfigMap = configMap.ToString();
        var all = data.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => Read(configMap, prefix, entry.Key, entry.Value))
            .ToList();
        Handles = [.. all.Where(handle => !handle.IsBeingRemoved)];
        BeingRemoved = [.. all.Where(handle => handle.IsBeingRemoved)];
    }

    /// <summary>The ConfigMap that was read, as <c>namespace/name</c>.</summary>
    public string ConfigMap { get; }

    /// <summary>The entries, in the order of their keys.</summary>
    public IReadOnlyList<StateHandle> Handles { get; }

    /// <summary>Entries that are marked for removal and treated as absent; their data may be deleted.</summary>
    public IReadOnlyList<StateHandle> BeingRemoved { get; }

    /// <summary>Returns a plain value of the same ConfigMap, by its full key, such as <c>counter</c>.</summary>
    /// <returns>The value, or <see langword="null"/> if there is none.</returns>
    public string? TryGetValue(string key) => _data.GetValueOrDefault(key);

    internal static StateHandle Read(ObjectKey configMap, string prefix, string key, string text)
    {
        try
        {
            return new StateHandle(configMap, prefix, key, text, StatePointer.Parse(text));
        }
        catch (FormatException exception)
        {
            throw StateHandleException.Corrupt(configMap, key, exception.Message, exception);
        }
    }
}
