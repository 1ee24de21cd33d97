using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>Someone leads the component yet, so its ConfigMap must stay.</summary>
public sealed class StillLedException : Exception
{
    internal StillLedException(ObjectKey configMap, string? holder)
        : base($"ConfigMap {configMap} can't be deleted: \"{holder}\" holds its lock. End that term first, and have nobody contend for it any more.") => (ConfigMap, Holder) = (configMap, holder);

    /// <summary>The ConfigMap.</summary>
    public ObjectKey ConfigMap { get; }

    /// <summary>Who holds its lock.</summary>
    public string? Holder { get; }
}
