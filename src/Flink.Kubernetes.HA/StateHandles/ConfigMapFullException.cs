using System.Globalization;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>A write would make the ConfigMap larger than the API server takes; nothing was written.</summary>
public sealed class ConfigMapFullException : StateHandleException
{
    internal ConfigMapFullException(ObjectKey configMap, string keys, long size, long limit, IReadOnlyList<KeyValuePair<string, long>> largest, Exception? innerException = null)
        : base(configMap, keys, string.Create(
            CultureInfo.InvariantCulture,
            $"ConfigMap {configMap} is full: with {keys} it would hold {size} bytes of at most {limit}. Largest: {string.Join(", ", largest.Select(k => $"\"{k.Key}\" ({k.Value} bytes)"))}. Remove what is not needed; keep fewer checkpoints, or put less than a pointer into it yourself."), innerException)
    {
        Size = size;
        Limit = limit;
        LargestKeys = largest;
    }

    /// <summary>How large it would become, in bytes of keys and values.</summary>
    public long Size { get; }

    /// <summary>How large it may be, in bytes.</summary>
    public long Limit { get; }

    /// <summary>The largest keys with their sizes in bytes, the largest first.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> LargestKeys { get; }
}
