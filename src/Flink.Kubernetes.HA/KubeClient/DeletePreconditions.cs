namespace Flink.Kubernetes.HA.KubeClient;

/// <summary>What must hold for a delete to take effect.</summary>
/// <param name="Uid">The UID of the object that is meant; one created anew under the same name has another.</param>
/// <param name="ResourceVersion">The resource version that was last seen.</param>
public sealed record DeletePreconditions(string? Uid = null, string? ResourceVersion = null);
