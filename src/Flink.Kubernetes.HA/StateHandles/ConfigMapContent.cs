using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.StateHandles;

/// <summary>A ConfigMap as one read showed it: the fence and the entries of the same moment.</summary>
internal sealed class ConfigMapContent(ConfigMap configMap)
{
    private static readonly Dictionary<string, string> Nothing = [];

    public string? Uid => configMap.Metadata.Uid;

    /// <summary>The lock record that stands.</summary>
    public string? Fence => configMap.Metadata.Annotations?.GetValueOrDefault(HaNames.LockAnnotation);

    /// <summary>The mark of the last write of plain values.</summary>
    public string? LastWrite => configMap.Metadata.Annotations?.GetValueOrDefault(HaNames.LastWriteAnnotation);

    public IReadOnlyDictionary<string, string> Data => configMap.Data ?? Nothing;

    public IReadOnlyDictionary<string, byte[]>? BinaryData => configMap.BinaryData;
}
