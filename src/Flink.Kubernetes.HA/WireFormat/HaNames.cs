using System.Text.RegularExpressions;
using Flink.Kubernetes.HA.ConfigMaps;

namespace Flink.Kubernetes.HA.WireFormat;

/// <summary>All names that are stored in Kubernetes, where other processes, versions and people read them.</summary>
internal static partial class HaNames
{
    /// <summary>The lock record of client-go, the C# client, fabric8 and Flink.</summary>
    public const string LockAnnotation = "control-plane.alpha.kubernetes.io/leader";

    /// <summary>The term of the current leader, which followers read without the ConfigMap's data.</summary>
    public const string TermAnnotation = "flink-kubernetes-ha/term";

    /// <summary>The mark of the last write of plain values only, whose stored text does not identify the writer.</summary>
    public const string LastWriteAnnotation = "flink-kubernetes-ha/last-write";

    /// <summary>Who has ended the Lease of a process, for good.</summary>
    public const string EndedByAnnotation = "flink-kubernetes-ha/ended-by";

    /// <summary>The cluster to which the ConfigMap belongs; unlike the label <c>app</c>, which deployment tools set as they like.</summary>
    public const string ClusterIdAnnotation = "flink-kubernetes-ha/cluster-id";

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

    /// <summary>The prefix of a cluster's data in its storage. It contains the namespace, because clusters of several namespaces may
    /// share one storage.</summary>
    public static string StorageRoot(string namespaceName, string clusterId) => $"{namespaceName}/{clusterId}";

    /// <summary>The folder of a component's data in the storage of its cluster.</summary>
    public static string DataFolder(string namespaceName, string clusterId, LeaderComponent component) =>
        $"{StorageRoot(namespaceName, clusterId)}/{component.Name}";

    /// <summary>The three labels of every HA ConfigMap of Flink.</summary>
    public static IReadOnlyDictionary<string, string> Labels(string clusterId) => new Dictionary<string, string>
    {
        [AppLabel] = clusterId,
        [TypeLabel] = TypeLabelValue,
        [ConfigMapTypeLabel] = ConfigMapTypeLabelValue,
    };

    /// <summary>Selects all HA ConfigMaps of a cluster.</summary>
    public static string LabelSelector(string clusterId) => string.Join(',', Labels(clusterId).Select(label => $"{label.Key}={label.Value}"));

    /// <summary>The annotations of a ConfigMap without a holder.</summary>
    public static IReadOnlyDictionary<string, string> Annotations(string clusterId) => new Dictionary<string, string> { [ClusterIdAnnotation] = clusterId };

    /// <summary>Explains to whom a ConfigMap of this name belongs, or returns <see langword="null"/> if this cluster may use it.</summary>
    /// <remarks>
    /// The annotation decides; the label <c>app</c> only where this library has never written to the object, because tools that
    /// deploy the cluster overwrite it. Flink's own objects have its labels and a lock record, but no annotation of this library.
    /// </remarks>
    /// <param name="labels">The labels of the ConfigMap.</param>
    /// <param name="annotations">Its annotations.</param>
    /// <param name="clusterId">This cluster.</param>
    /// <param name="wasOurs">Whether the caller has seen the ConfigMap of this name in use by this cluster: then its annotations were removed.</param>
    public static string? ForeignOwner(
        IReadOnlyDictionary<string, string> labels, IReadOnlyDictionary<string, string> annotations, string clusterId, bool wasOurs = false)
    {
        if (annotations.GetValueOrDefault(ClusterIdAnnotation) is { Length: > 0 } owner)
        {
            return owner == clusterId ? null : $"the cluster '{owner}' (annotation {ClusterIdAnnotation})";
        }

        if (wasOurs || annotations.ContainsKey(TermAnnotation))
        {
            return null;
        }

        if (labels.GetValueOrDefault(AppLabel) is { Length: > 0 } app && app != clusterId)
        {
            return $"'{app}' (label {AppLabel})";
        }

        return labels.GetValueOrDefault(ConfigMapTypeLabel) == ConfigMapTypeLabelValue && annotations.ContainsKey(LockAnnotation)
            ? "Apache Flink itself: it has Flink's labels and lock, and was never written by this library"
            : null;
    }

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])\z", RegexOptions.CultureInvariant)]
    private static partial Regex ClusterIdPattern();
}
