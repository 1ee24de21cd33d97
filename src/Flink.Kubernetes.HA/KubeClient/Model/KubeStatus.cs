namespace Flink.Kubernetes.HA.KubeClient.Model;

/// <summary>The <c>v1 Status</c> that the API server answers with when it refuses something.</summary>
internal sealed record KubeStatus
{
    public string? Kind { get; init; }

    public string? Status { get; init; }

    public string? Message { get; init; }

    public string? Reason { get; init; }

    public int? Code { get; init; }

    public KubeStatusDetails? Details { get; init; }
}
