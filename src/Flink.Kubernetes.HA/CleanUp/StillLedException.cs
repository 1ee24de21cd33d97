using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>The exception that is thrown when a ConfigMap cannot be deleted because its component still has a leader.</summary>
public sealed class StillLedException : Exception
{
    internal StillLedException(ObjectKey configMap, string? holder)
        : base(
            $"ConfigMap {configMap} cannot be deleted: \"{holder}\" holds its lock. End that term first, and stop contending for the component.") =>
        (ConfigMap, Holder) = (configMap.ToString(), holder);

    /// <summary>The ConfigMap.</summary>
    public string ConfigMap { get; }

    /// <summary>The holder of its lock.</summary>
    public string? Holder { get; }
}
