using Flink.Kubernetes.HA;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health check of high availability on Kubernetes.</summary>
public static class KubernetesHaHealthChecksBuilderExtensions
{
    /// <summary>Adds a check that finds a leader which is stuck, and watches that fail.</summary>
    /// <remarks>
    /// Unhealthy: this process believes that it leads a component and has not renewed for the lease duration and the tolerance, so it should
    /// be restarted. Degraded: a watch fails, such as for a missing permission. A standby, or a process that leads nothing, is healthy.
    /// </remarks>
    /// <param name="builder">The health checks of the host.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="tolerance">What is added to the lease duration. Default: the retry period.</param>
    /// <param name="failureStatus">What is reported in place of unhealthy. Default: <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">The check's tags.</param>
    public static IHealthChecksBuilder AddKubernetesHa(
        this IHealthChecksBuilder builder,
        string name = "kubernetes-ha",
        TimeSpan? tolerance = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name,
            provider => new KubernetesHaHealthCheck(
                provider.GetRequiredService<IHighAvailabilityServices>(),
                provider.GetRequiredService<IOptions<KubernetesHaOptions>>().Value.LeaderElection,
                tolerance),
            failureStatus,
            tags));
    }
}
