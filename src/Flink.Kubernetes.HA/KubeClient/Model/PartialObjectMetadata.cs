namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>An object of any kind without its content (<c>meta.k8s.io/v1 PartialObjectMetadata</c>).</summary>
public sealed record PartialObjectMetadata : KubeObject;
