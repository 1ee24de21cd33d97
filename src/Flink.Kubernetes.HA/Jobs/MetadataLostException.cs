using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>There is data, but the ConfigMap that pointed to it was deleted or emptied by someone else: to go on would be to start from scratch in silence.</summary>
public sealed class MetadataLostException : Exception
{
    internal MetadataLostException(ObjectKey configMap, string marker, string suggestedValue, StateKey example, string location)
        : base($"ConfigMap {configMap} holds no pointers and no \"{marker}\", yet there is data, such as {example} in {location}: the ConfigMap was deleted or emptied by someone else. "
            + "Put it back from a copy. Or, to start from scratch knowingly, move that data away, or say so with: "
            + $"kubectl -n {configMap.Namespace} patch configmap {configMap.Name} --type merge -p '{{\"data\":{{\"{marker}\":\"{suggestedValue}\"}}}}'") =>
        (ConfigMap, Marker) = (configMap, marker);

    /// <summary>The ConfigMap.</summary>
    public ObjectKey ConfigMap { get; }

    /// <summary>The key that every ConfigMap has which was used before.</summary>
    public string Marker { get; }
}
