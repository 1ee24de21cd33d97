using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The ConfigMap that holds the entries does not exist: that is not the same as empty.</summary>
public sealed class ConfigMapMissingException : StateHandleException
{
    internal ConfigMapMissingException(ObjectKey configMap, Exception? innerException = null)
        : base(configMap, key: null, $"ConfigMap {configMap} does not exist, so what it held is not known. If nobody has led yet, wait for a leader; "
            + "if it was deleted, put it back from a copy before anything starts from scratch.", innerException)
    {
    }
}
