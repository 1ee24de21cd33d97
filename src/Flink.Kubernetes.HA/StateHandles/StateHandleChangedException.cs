using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>What stands under the key is not what was expected; it stays as it is, and nothing was written.</summary>
public sealed class StateHandleChangedException : StateHandleException
{
    internal StateHandleChangedException(ObjectKey configMap, string key, string? expected, string? actual)
        : base(configMap, key, $"\"{key}\" in ConfigMap {configMap} has changed: expected {Show(expected)}, found {Show(actual)}. Read it again and decide anew.")
    {
    }

    private static string Show(string? text) => text is null ? "nothing" : text.Length > 300 ? text[..300] + "..." : text;
}
