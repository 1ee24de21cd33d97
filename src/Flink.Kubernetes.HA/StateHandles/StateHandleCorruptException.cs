using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>An entry can't be read: it is no pointer, or one of a newer version. It is never passed over in silence.</summary>
public sealed class StateHandleCorruptException : StateHandleException
{
    internal StateHandleCorruptException(ObjectKey configMap, string key, string problem, Exception? innerException = null)
        : base(configMap, key, $"The pointer \"{key}\" in ConfigMap {configMap} can't be read: {problem}. "
            + "If a newer version of this library has written it, run that version. If it was damaged, put it back from a copy of the ConfigMap; "
            + "or decide to do without what it points to, and remove the key by hand.", innerException)
    {
    }
}
