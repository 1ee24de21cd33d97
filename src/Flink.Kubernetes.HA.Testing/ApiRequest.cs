namespace Flink.Kubernetes.HA.Testing;

/// <summary>One request that an <see cref="InMemoryApiServer"/> has answered.</summary>
/// <param name="User">Who asked.</param>
/// <param name="Verb">The verb as RBAC names it: get, list, watch, create, update, patch, delete or deletecollection.</param>
/// <param name="Resource">The resource as RBAC names it, such as <c>configmaps</c>, <c>pods/status</c> or <c>leases.coordination.k8s.io</c>.</param>
/// <param name="Namespace">The namespace, or <see langword="null"/> for all of them.</param>
/// <param name="Name">The object, also when a list or watch selects it by <c>metadata.name</c>; otherwise <see langword="null"/>.</param>
/// <param name="StatusCode">The HTTP status of the answer.</param>
/// <param name="Time">When it was answered, by the server's clock.</param>
public sealed record ApiRequest(string User, string Verb, string Resource, string? Namespace, string? Name, int StatusCode, DateTimeOffset Time);
