namespace Flink.Kubernetes.HA;

/// <summary>What the health check asks of the services.</summary>
internal interface IHighAvailabilityHealth
{
    /// <summary>The state of every election and retrieval that was handed out; empty after disposal.</summary>
    IReadOnlyList<ComponentHealth> GetHealth();
}
