using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>What went wrong with the state handles of a ConfigMap.</summary>
public abstract class StateHandleException : Exception
{
    private protected StateHandleException(ObjectKey configMap, string? key, string message, Exception? innerException = null)
        : base(message, innerException) => (ConfigMap, Key) = (configMap, key);

    /// <summary>The ConfigMap.</summary>
    public ObjectKey ConfigMap { get; }

    /// <summary>The key in it, or <see langword="null"/> where it is not about one key.</summary>
    public string? Key { get; }
}
