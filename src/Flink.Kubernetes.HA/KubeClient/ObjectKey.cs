namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>Names one object: its namespace and its name.</summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="Name">The name within the namespace.</param>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    /// <summary>Returns <c>namespace/name</c>.</summary>
    public override string ToString() => $"{Namespace}/{Name}";
}
