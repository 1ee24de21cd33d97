namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>The kinds of patches.</summary>
public enum KubePatchType
{
    /// <summary>JSON Patch, RFC 6902: <c>application/json-patch+json</c>.</summary>
    Json,

    /// <summary>JSON merge patch, RFC 7386: <c>application/merge-patch+json</c>.</summary>
    Merge,
}
