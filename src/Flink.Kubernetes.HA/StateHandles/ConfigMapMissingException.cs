using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The exception that is thrown when the ConfigMap with the entries does not exist, which is not the same as an empty one.</summary>
public sealed class ConfigMapMissingException : StateHandleException
{
    internal ConfigMapMissingException(ObjectKey configMap, Exception? innerException = null)
        : base(
            StateHandleFailure.ConfigMapMissing,
            configMap,
            key: null,
            $"ConfigMap {configMap} does not exist, so its contents are not known. If there was no leader yet, wait for one; "
            + "if it was deleted, restore it from a copy before anything starts from scratch.",
            innerException)
    {
    }
}
