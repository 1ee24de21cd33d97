namespace Flink.Kubernetes.HA.Jobs;

/// <summary>Plain keys of ConfigMaps that say something about the whole.</summary>
internal static class JobMarkers
{
    /// <summary>Stands while the whole cluster is being cleaned up: how it has ended.</summary>
    public const string CleanUp = "cleanUp";
}
