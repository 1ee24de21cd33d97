using System.Globalization;
using Flink.Kubernetes.HA.LeaderElection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Flink.Kubernetes.HA;

/// <summary>Finds a leader that is stuck: it believes that it leads, yet it has stopped renewing and stopped counting its deadline.</summary>
internal sealed class KubernetesHaHealthCheck(IHighAvailabilityServices services, LeaderElectionOptions options, TimeSpan? tolerance) : IHealthCheck
{
    private readonly TimeSpan _limit = options.LeaseDuration + (tolerance ?? options.RetryPeriod);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // A user's own implementation, such as a mock in a test, has nothing to ask.
        var components = (services as IHighAvailabilityHealth)?.GetHealth() ?? [];
        return Task.FromResult(Judge(components, context.Registration.FailureStatus));
    }

    private HealthCheckResult Judge(IReadOnlyList<ComponentHealth> components, HealthStatus failureStatus)
    {
        var leading = components.Where(item => item.SinceLastRenewal is not null).ToList();
        var data = leading.ToDictionary(
            item => item.Component.Name,
            item => (object)string.Create(CultureInfo.InvariantCulture, $"leading, renewed {item.SinceLastRenewal!.Value.TotalSeconds:0.0} s ago"));

        if (leading.Where(item => item.SinceLastRenewal > _limit).ToList() is { Count: > 0 } stuck)
        {
            return new HealthCheckResult(
                failureStatus,
                $"This process believes that it leads {Names(stuck)}, but has not renewed for more than {_limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s: restart it.",
                data: data);
        }

        if (components.Where(item => item.WatchFailure is not null).ToList() is { Count: > 0 } blind)
        {
            return HealthCheckResult.Degraded($"The watch of {Names(blind)} fails: {blind[0].WatchFailure!.Message}", blind[0].WatchFailure, data);
        }

        return HealthCheckResult.Healthy(leading.Count == 0 ? "This process leads nothing." : $"This process leads {Names(leading)}.", data);
    }

    private static string Names(IEnumerable<ComponentHealth> components) =>
        string.Join(", ", components.Select(item => item.Component.Name).Distinct());
}
