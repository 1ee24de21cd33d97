using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>There is an entry under the key already; it stays as it is, and nothing was written.</summary>
public sealed class StateHandleExistsException : StateHandleException
{
    internal StateHandleExistsException(ObjectKey configMap, string key)
        : base(configMap, key, $"\"{key}\" exists already in ConfigMap {configMap}: replace it, or take another name.")
    {
    }
}
