namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Where Apache Flink stores its leaders.</summary>
public enum FlinkHaLayout
{
    /// <summary>In one ConfigMap of the cluster, <c>&lt;clusterId&gt;-cluster-config-map</c>: Flink 1.15 and later.</summary>
    ClusterConfigMap,

    /// <summary>In a ConfigMap per component, <c>&lt;clusterId&gt;-&lt;component&gt;-leader</c>: Flink 1.12 to 1.14, and later versions with
    /// <c>high-availability.use-old-ha-services</c>.</summary>
    ConfigMapPerComponent,
}
