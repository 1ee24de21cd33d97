using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

public sealed class KubernetesHaHealthCheckTests
{
    // The limit is the lease of 15 s and the tolerance of 2 s.
    [Theory]
    [InlineData(null, false, HealthStatus.Healthy)]
    [InlineData(0.5, false, HealthStatus.Healthy)]
    [InlineData(17.0, false, HealthStatus.Healthy)]
    [InlineData(17.001, false, HealthStatus.Unhealthy)]
    [InlineData(0.5, true, HealthStatus.Degraded)]
    [InlineData(null, true, HealthStatus.Degraded)]
    [InlineData(18.0, true, HealthStatus.Unhealthy)]
    public async Task Health_follows_the_last_renewal_and_the_watch(double? seconds, bool watchFails, HealthStatus expected)
    {
        var result = await CheckAsync(new ComponentHealth(
            LeaderComponent.Dispatcher,
            seconds is { } value ? TimeSpan.FromSeconds(value) : null,
            watchFails ? new InvalidOperationException("no permission to watch") : null));

        Assert.Equal(expected, result.Status);
    }

    [Fact]
    public async Task A_stuck_leader_is_named_also_beside_healthy_ones()
    {
        var result = await CheckAsync(
            new ComponentHealth(LeaderComponent.Dispatcher, TimeSpan.FromSeconds(1), null),
            new ComponentHealth(LeaderComponent.ResourceManager, TimeSpan.FromSeconds(20), null));

        Assert.Equal(HealthStatus.Unhealthy, result.Status);
        Assert.Contains("leads resourcemanager, but has not renewed for more than 17 s", result.Description);
        Assert.Equal(["dispatcher", "resourcemanager"], result.Data.Keys.Order());
    }

    [Fact]
    public async Task A_failing_watch_tells_why()
    {
        var result = await CheckAsync(new ComponentHealth(LeaderComponent.Dispatcher, null, new InvalidOperationException("no permission to watch")));

        Assert.Contains("no permission to watch", result.Description);
    }

    [Fact]
    public async Task Services_of_one_s_own_are_healthy() =>
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(new FakeServices())).Status);

    private static Task<HealthCheckResult> CheckAsync(params ComponentHealth[] components) => CheckAsync(new Services(components));

    private static Task<HealthCheckResult> CheckAsync(IHighAvailabilityServices services)
    {
        var check = new KubernetesHaHealthCheck(services, new LeaderElectionOptions(), tolerance: null);
        var context = new HealthCheckContext { Registration = new HealthCheckRegistration("ha", check, HealthStatus.Unhealthy, tags: null) };
        return check.CheckHealthAsync(context, TestContext.Current.CancellationToken);
    }

    private sealed class Services(ComponentHealth[] components) : IHighAvailabilityServices, IHighAvailabilityHealth
    {
        public string ClusterId => "orders";

        public string Namespace => "team";

        public string Identity => "me";

        public ILeaderElectionService GetLeaderElection(LeaderComponent component) => throw new NotSupportedException();

        public ILeaderRetrievalService GetLeaderRetrieval(LeaderComponent component) => throw new NotSupportedException();

        public IReadOnlyList<ComponentHealth> GetHealth() => components;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
