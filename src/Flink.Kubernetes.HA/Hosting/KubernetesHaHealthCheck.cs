using System.Globalization;
using Flink.Kubernetes.HA.LeaderElection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Flink.Kubernetes.HA.Hosting;

/// <summary>Detects a stuck leader, which considers itself the leader but has stopped renewing and has not noticed its deadline; and whoever cannot
/// contend or follow, as without a permission.</summary>
internal sealed class KubernetesHaHealthCheck(IHighAvailabilityHealth? health, LeaderElectionOptions options, TimeSpan? tolerance) : IHealthCheck
{
    private readonly TimeSpan _limit = options.LeaseDuration + (tolerance ?? options.RetryPeriod);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Judge(health?.GetHealth() ?? [], context.Registration.FailureStatus));

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
                $"This process believes that it leads {Names(stuck)}, but has not renewed for more than "
                + $"{_limit.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s: restart it.",
                data: data);
        }

        if (components.Where(item => item.Failure is not null).ToList() is { Count: > 0 } failing)
        {
            // Degraded at once. What lasts longer than a lease is no hiccup: this process can take over from nobody.
            var worst = failing.MaxBy(item => item.Failure!.Duration)!.Failure!;
            return new HealthCheckResult(
                worst.Duration > _limit ? failureStatus : HealthStatus.Degraded,
                string.Create(CultureInfo.InvariantCulture, $"Requests for {Names(failing)} have failed for {worst.Duration.TotalSeconds:0} s: {worst.Exception.Message}"),
                worst.Exception,
                data);
        }

        return HealthCheckResult.Healthy(leading.Count == 0 ? "This process leads no component." : $"This process leads {Names(leading)}.", data);
    }

    private static string Names(IEnumerable<ComponentHealth> components) =>
        string.Join(", ", components.Select(item => item.Component.Name).Distinct());
}
