namespace Flink.Kubernetes.HA.Testing.ApiServer;

/// <summary>Who asks for what: the attributes that RBAC and the request log see.</summary>
internal sealed record ApiCall(string User, string Verb, ApiResource Resource, string? Namespace, string? Name = null);
