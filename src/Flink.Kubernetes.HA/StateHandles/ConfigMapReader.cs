using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>Reads an entire ConfigMap, and reports what was read.</summary>
internal sealed class ConfigMapReader
{
    private readonly ConfigMapRequests _requests;
    private readonly Action<ConfigMapContent>? _seen;

    public ConfigMapReader(ConfigMapRequests requests, ObjectKey key, Action<ConfigMapContent>? seen = null)
    {
        (_requests, Key, _seen) = (requests, key, seen);
    }

    public ObjectKey Key { get; }

    public async Task<ConfigMapContent> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var content = new ConfigMapContent(await _requests.GetAsync(Key, metadataOnly: false, cancellationToken).ConfigureAwait(false));
            _seen?.Invoke(content);
            return content;
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            throw new ConfigMapMissingException(Key, exception);
        }
    }
}

/// <summary>A ConfigMap as observed in one read: the fence and the entries of the same moment.</summary>
internal sealed class ConfigMapContent(ConfigMap configMap)
{
    public string? Uid => configMap.Uid;

    /// <summary>The stored lock record.</summary>
    public string? Fence => configMap.Annotation(HaNames.LockAnnotation);

    /// <summary>The mark of the last write of plain values.</summary>
    public string? LastWrite => configMap.Annotation(HaNames.LastWriteAnnotation);

    public IReadOnlyDictionary<string, string> Data => configMap.Data;

    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> BinaryData => configMap.BinaryData;
}
