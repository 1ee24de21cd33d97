namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>One request as it is sent, as often as need be, and as errors, logs and metrics speak of it.</summary>
internal sealed record KubeRequest
{
    /// <summary>The verb as RBAC names it.</summary>
    public required string Verb { get; init; }

    public required HttpMethod Method { get; init; }

    public required Uri Uri { get; init; }

    public required string Group { get; init; }

    public required string Plural { get; init; }

    public required string Namespace { get; init; }

    /// <summary>The object, or <see langword="null"/> for a collection.</summary>
    public string? Name { get; init; }

    public string Accept { get; init; } = MediaTypes.Json;

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The media type of the body, or <see langword="null"/> without one.</summary>
    public string? ContentType { get; init; }

    public bool IsWrite => Method != HttpMethod.Get;

    /// <summary>The resource as RBAC names it.</summary>
    public string Resource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>What messages begin with: <c>patch configmaps default/orders-dispatcher-leader</c>.</summary>
    public override string ToString() => Name is null ? $"{Verb} {Resource} in {Namespace}" : $"{Verb} {Resource} {Namespace}/{Name}";
}
