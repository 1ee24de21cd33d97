using System.Text.RegularExpressions;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.WireFormat;

/// <summary>Every name that stands in Kubernetes: what other processes, versions and people read.</summary>
internal static partial class HaNames
{
    /// <summary>The lock record of client-go, the C# client, fabric8 and Flink.</summary>
    public const string LockAnnotation = "control-plane.alpha.kubernetes.io/leader";

    /// <summary>The term of the present leader: what followers read, without the ConfigMap's data.</summary>
    public const string TermAnnotation = "flink-kubernetes-ha/term";

    /// <summary>A mark of the last write that left no other: of plain values only, where what stands does not show whose doing it is.</summary>
    public const string LastWriteAnnotation = "flink-kubernetes-ha/last-write";

    public const string AddressKey = "address";
    public const string SessionIdKey = "sessionId";
    public const string FencingTokenKey = "fencingToken";

    public const string AppLabel = "app";
    public const string TypeLabel = "type";
    public const string TypeLabelValue = "flink-native-kubernetes";
    public const string ConfigMapTypeLabel = "configmap-type";
    public const string ConfigMapTypeLabelValue = "high-availability";

    /// <summary>Flink's MAXIMUM_CHARACTERS_OF_CLUSTER_ID.</summary>
    public const int MaximumClusterIdLength = 45;

    public static bool IsValidClusterId(string? clusterId) =>
        clusterId is not null && clusterId.Length <= MaximumClusterIdLength && ClusterIdPattern().IsMatch(clusterId);

    public static string LeaderConfigMap(string clusterId, LeaderComponent component) => $"{clusterId}-{component.Name}-leader";

    public static ObjectKey LeaderConfigMap(string namespaceName, string clusterId, LeaderComponent component) =>
        new(namespaceName, LeaderConfigMap(clusterId, component));

    /// <summary>Where a cluster's data lies in its storage: with the namespace, for clusters of several namespaces may share one storage.</summary>
    public static string StorageRoot(string namespaceName, string clusterId) => $"{namespaceName}/{clusterId}";

    /// <summary>The three labels of every HA ConfigMap of Flink.</summary>
    public static IReadOnlyDictionary<string, string> Labels(string clusterId) => new Dictionary<string, string>
    {
        [AppLabel] = clusterId,
        [TypeLabel] = TypeLabelValue,
        [ConfigMapTypeLabel] = ConfigMapTypeLabelValue,
    };

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])\z", RegexOptions.CultureInvariant)]
    private static partial Regex ClusterIdPattern();
}
