using Flink.Kubernetes.HA.Hosting;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Flink.Kubernetes.HA.Tests.Hosting;

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
    [InlineData(null, true, HealthStatus.Degraded, 17.0)]
    [InlineData(null, true, HealthStatus.Unhealthy, 17.1)]
    public async Task Health_follows_the_last_renewal_and_what_fails(double? seconds, bool fails, HealthStatus expected, double failingFor = 0)
    {
        var result = await CheckAsync(new ComponentHealth(
            LeaderComponent.Dispatcher,
            seconds is { } value ? TimeSpan.FromSeconds(value) : null,
            fails ? new LastingFailure(new InvalidOperationException("no permission to watch"), TimeSpan.FromSeconds(failingFor)) : null));

        result.Status.Should().Be(expected);
    }

    [Fact]
    public async Task A_stuck_leader_is_named_also_beside_healthy_ones()
    {
        var result = await CheckAsync(
            new ComponentHealth(LeaderComponent.Dispatcher, TimeSpan.FromSeconds(1), null),
            new ComponentHealth(LeaderComponent.ResourceManager, TimeSpan.FromSeconds(20), null));

        result.Status.Should().Be(HealthStatus.Unhealthy);
        result.Description.Should().Contain("leads resourcemanager, but has not renewed for more than 17 s");
        result.Data.Keys.Order().Should().Equal("dispatcher", "resourcemanager");
    }

    [Fact]
    public async Task A_failing_watch_tells_why()
    {
        var result = await CheckAsync(new ComponentHealth(
            LeaderComponent.Dispatcher, null, new LastingFailure(new InvalidOperationException("no permission to watch"), TimeSpan.FromSeconds(3))));

        result.Description.Should().Contain("dispatcher have failed for 3 s: no permission to watch");
    }

    [Theory]
    [InlineData("patch")]
    [InlineData("list")]
    [InlineData("create")]
    public async Task A_contender_that_cannot_contend_is_degraded_and_then_unhealthy_until_it_can(string verb)
    {
        await using var world = new HaWorld();
        using var client = world.Server.CreateClient("process");
        await using var services = new KubernetesHaServices(new KubernetesHaOptions { ClusterId = HaWorld.ClusterId, Namespace = HaWorld.Namespace }, client, world.Time);
        world.Server.Deny("process", verb, "configmaps");
        using var stop = new CancellationTokenSource();
        var contending = ContendAsync(services, stop.Token);

        await world.AdvanceAsync(TimeSpan.FromSeconds(5));
        (await CheckAsync(services)).Status.Should().Be(HealthStatus.Degraded);
        await world.AdvanceAsync(TimeSpan.FromSeconds(20));
        var result = await CheckAsync(services);
        result.Status.Should().Be(HealthStatus.Unhealthy);
        result.Description.Should().Contain($"{verb} configmaps");

        world.Server.Allow("process", verb, "configmaps");
        await world.AdvanceAsync(TimeSpan.FromSeconds(30));
        (await CheckAsync(services)).Status.Should().Be(HealthStatus.Healthy);
        await stop.CancelAsync();
        await Awaiting(() => world.WhileAdvancingAsync(contending)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task Services_of_one_s_own_are_healthy()
    {
        var services = new ServiceCollection().AddLogging().AddOptions().AddSingleton(DispatchProxy.Create<IHighAvailabilityServices, Mock>());
        services.AddHealthChecks().AddKubernetesHa();
        await using var provider = services.BuildServiceProvider();

        (await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(HaWorld.Token)).Status.Should().Be(HealthStatus.Healthy);
    }

    private static async Task ContendAsync(KubernetesHaServices services, CancellationToken cancellationToken)
    {
        await foreach (var term in services.GetLeaderElection(LeaderComponent.Dispatcher).ContendAsync(cancellationToken))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, term.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task<HealthCheckResult> CheckAsync(params ComponentHealth[] components)
    {
        return CheckAsync(new Health(components));
    }

    private static Task<HealthCheckResult> CheckAsync(IHighAvailabilityHealth health)
    {
        var check = new KubernetesHaHealthCheck(health, new LeaderElectionOptions(), tolerance: null);
        var context = new HealthCheckContext { Registration = new HealthCheckRegistration("ha", check, HealthStatus.Unhealthy, tags: null) };
        return check.CheckHealthAsync(context, HaWorld.Token);
    }

    private sealed class Health(ComponentHealth[] components) : IHighAvailabilityHealth
    {
        public IReadOnlyList<ComponentHealth> GetHealth() => components;
    }
}
