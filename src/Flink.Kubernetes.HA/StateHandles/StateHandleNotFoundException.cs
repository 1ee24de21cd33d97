using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>There is no entry under the key, or it is being removed; nothing was written.</summary>
public sealed class StateHandleNotFoundException : StateHandleException
{
    internal StateHandleNotFoundException(ObjectKey configMap, string key, bool isBeingRemoved = false)
        : base(configMap, key, isBeingRemoved
            ? $"\"{key}\" in ConfigMap {configMap} is being removed, and counts as not there."
            : $"There is no \"{key}\" in ConfigMap {configMap}.")
    {
    }
}
