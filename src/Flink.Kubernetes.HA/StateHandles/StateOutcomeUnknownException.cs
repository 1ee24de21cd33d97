using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Whether a write has taken effect could not be found out; no data was deleted.</summary>
public sealed class StateOutcomeUnknownException : StateHandleException
{
    internal StateOutcomeUnknownException(ObjectKey configMap, string keys, string why, Exception? innerException = null)
        : base(configMap, keys, $"It is not known whether the write of {keys} to ConfigMap {configMap} has taken effect: {why}. "
            + "No data that it may rely on was deleted. Read the entry before you decide what to do; as long as it is not read, it may be there or not.", innerException)
    {
    }
}
