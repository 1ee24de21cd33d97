namespace Flink.Kubernetes.HA.KubeClient.Model;

internal sealed record KubeStatusDetails
{
    public string? Name { get; init; }

    public string? Kind { get; init; }

    public int? RetryAfterSeconds { get; init; }
}
