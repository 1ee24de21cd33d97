using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds the health check of high availability on Kubernetes.</summary>
public static class KubernetesHaHealthChecksBuilderExtensions
{
    /// <summary>Adds a check that detects a stuck leader and failing watches.</summary>
    /// <remarks>
    /// Unhealthy: this process considers itself the leader of a component and has not renewed for the lease duration plus the tolerance, so
    /// it should be restarted. Degraded: a watch is failing, for example for lack of a permission. A standby is healthy.
    /// </remarks>
    /// <param name="builder">The health checks of the host.</param>
    /// <param name="name">The name of the check. Default: <c>kubernetes-ha</c>.</param>
    /// <param name="tolerance">The time that is added to the lease duration. Default: the retry period.</param>
    /// <param name="failureStatus">The status to report for a stuck leader. Default: <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">The tags of the check.</param>
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
                // Another implementation of the services, such as a mock in a test, reports no health.
                provider.GetRequiredService<IHighAvailabilityServices>() as IHighAvailabilityHealth,
                provider.GetRequiredService<IOptions<KubernetesHaOptions>>().Value.LeaderElection,
                tolerance),
            failureStatus,
            tags));
    }
}
