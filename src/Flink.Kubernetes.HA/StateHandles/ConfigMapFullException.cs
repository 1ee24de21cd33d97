using System.Globalization;
using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>The exception that is thrown when a write would make the ConfigMap larger than the API server accepts; nothing was written.</summary>
public sealed class ConfigMapFullException : StateHandleException
{
    internal ConfigMapFullException(
        ObjectKey configMap, string keys, long size, long limit, IReadOnlyList<KeyValuePair<string, long>> largest, Exception? innerException = null)
        : base(
            StateHandleFailure.ConfigMapFull,
            configMap,
            keys,
            string.Create(CultureInfo.InvariantCulture, $"ConfigMap {configMap} is full: with {keys} it would contain {size} bytes of at most "
                + $"{limit}. ")
            + $"Largest: {string.Join(", ", largest.Select(k => string.Create(CultureInfo.InvariantCulture, $"\"{k.Key}\" ({k.Value} bytes)")))}. "
            + "Remove what is not needed: keep fewer checkpoints, or store less in it yourself.",
            innerException)
    {
        Size = size;
        Limit = limit;
        LargestKeys = largest;
    }

    /// <summary>The size that the ConfigMap would have, in bytes of keys and values.</summary>
    public long Size { get; }

    /// <summary>The maximum size, in bytes.</summary>
    public long Limit { get; }

    /// <summary>The largest keys with their sizes in bytes, the largest first.</summary>
    public IReadOnlyList<KeyValuePair<string, long>> LargestKeys { get; }
}
