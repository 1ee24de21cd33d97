using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The exception that is thrown when it could not be determined whether a write took effect; no data was deleted.</summary>
public sealed class StateOutcomeUnknownException : StateHandleException
{
    internal StateOutcomeUnknownException(ObjectKey configMap, string keys, string why, Exception? innerException = null)
        : base(
            StateHandleFailure.OutcomeUnknown,
            configMap,
            keys,
            $"It is not known whether the write of {keys} to ConfigMap {configMap} took effect: {why}. "
            + "No data to which it may refer was deleted. Read the entry before you decide what to do.",
            innerException)
    {
    }
}
