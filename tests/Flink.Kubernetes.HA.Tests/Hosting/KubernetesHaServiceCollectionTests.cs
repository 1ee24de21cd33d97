using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.Tests.Hosting;

public sealed class KubernetesHaServiceCollectionTests
{
    private readonly ServiceCollection _services = new();

    // Nothing is sent there.
    public KubernetesHaServiceCollectionTests() => _services.AddLogging().AddSingleton(new k8s.KubernetesClientConfiguration { Host = "http://127.0.0.1:1" });

    [Fact]
    public async Task Options_set_in_code_reach_the_services()
    {
        await using var provider = _services.AddKubernetesHa(o => (o.ClusterId, o.Namespace, o.Identity) = ("orders", "team", "pod-1")).BuildServiceProvider();

        var services = provider.GetRequiredService<IHighAvailabilityServices>();

        (services.ClusterId, services.Namespace).Should().Be(("orders", "team"));
        services.Identity.Should().StartWith("pod-1_");
    }

    [Fact]
    public async Task Every_option_can_be_set_in_configuration()
    {
        await using var provider = _services.AddKubernetesHa(Configuration(
            ("ClusterId", "orders"), ("Namespace", "team"), ("Identity", "pod-1"), ("KubeConfigPath", "/tmp/config"), ("Context", "prod"),
            ("LeaderElection:LeaseDuration", "00:00:30"), ("LeaderElection:RenewDeadline", "00:00:20"), ("LeaderElection:RetryPeriod", "00:00:03"),
            ("LeaderElection:RequestTimeout", "00:00:04"), ("LeaderElection:MaxClockRateError", "0.02"), ("ApiServer:RequestTimeout", "00:00:07"))).BuildServiceProvider();

        var options = provider.GetRequiredService<IOptions<KubernetesHaOptions>>().Value;

        (options.ClusterId, options.Namespace, options.Identity, options.KubeConfigPath, options.Context)
            .Should().Be(("orders", "team", "pod-1", "/tmp/config", "prod"));
        var election = options.LeaderElection;
        new[] { election.LeaseDuration, election.RenewDeadline, election.RetryPeriod, election.RequestTimeout }.Select(time => time.TotalSeconds)
            .Should().Equal(30, 20, 3, 4);
        election.MaxClockRateError.Should().Be(0.02);
        options.ApiServer.RequestTimeout.TotalSeconds.Should().Be(7);
    }

    [Fact]
    public async Task Code_and_configuration_add_up_and_the_services_stay_one()
    {
        await using var provider = _services
            .AddKubernetesHa(Configuration(("ClusterId", "orders"), ("Namespace", "team")))
            .AddKubernetesHa(o => o.Namespace = "other")
            .BuildServiceProvider();

        var services = provider.GetServices<IHighAvailabilityServices>().Should().ContainSingle().Which;

        (services.ClusterId, services.Namespace).Should().Be(("orders", "other"));
        provider.GetServices<IValidateOptions<KubernetesHaOptions>>().Should().ContainSingle();
    }

    [Fact]
    public async Task A_host_with_wrong_options_does_not_start()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddKubernetesHa(o => (o.ClusterId, o.Namespace) = ("Orders", "Team"));
        using var host = builder.Build();

        var exception = (await Awaiting(() => host.StartAsync(HaWorld.Token))
            .Should().ThrowExactlyAsync<OptionsValidationException>()).Which;

        exception.Failures.Count().Should().Be(2);
    }

    [Fact]
    public void A_leader_service_is_added_once()
    {
        _services.AddLeaderService<ScriptedService>(LeaderComponent.Dispatcher)
            .AddLeaderService<ScriptedService>(LeaderComponent.Dispatcher)
            .AddLeaderService<ScriptedService>(LeaderComponent.ResourceManager);

        _services.Count(descriptor => descriptor.ServiceType == typeof(IHostedService)).Should().Be(2);
        _services.Should().ContainSingle(descriptor => descriptor.ServiceType == typeof(ScriptedService));
    }

    [Fact]
    public void A_component_can_t_have_two_leader_services()
    {
        _services.AddLeaderService<ScriptedService>(LeaderComponent.Dispatcher);

        var exception = Invoking(() => _services.AddLeaderService<OtherService>(LeaderComponent.Dispatcher))
            .Should().ThrowExactly<InvalidOperationException>().Which;

        exception.Message.Should().Contain("'dispatcher' already has the leader service ScriptedService");
    }

    [Fact]
    public async Task A_leader_service_without_the_services_says_what_is_missing()
    {
        await using var provider = _services.AddOptions().AddLeaderService<OtherService>(LeaderComponent.Dispatcher).BuildServiceProvider();

        var exception = Invoking(() => provider.GetServices<IHostedService>().ToList()).Should().ThrowExactly<InvalidOperationException>().Which;

        exception.Message.Should().Contain("services.AddKubernetesHa(...)");
    }

    [Fact]
    public async Task The_container_disposes_the_services()
    {
        var provider = _services.AddKubernetesHa(o => (o.ClusterId, o.Namespace) = ("orders", "team")).BuildServiceProvider();
        var services = provider.GetRequiredService<IHighAvailabilityServices>();

        await provider.DisposeAsync();

        Invoking(() => services.GetLeaderElection(LeaderComponent.Dispatcher)).Should().ThrowExactly<ObjectDisposedException>();
    }

    [Fact]
    public async Task The_health_check_is_found_by_name()
    {
        _services.AddKubernetesHa(o => (o.ClusterId, o.Namespace) = ("orders", "team")).AddHealthChecks().AddKubernetesHa(tags: ["live"]);
        await using var provider = _services.BuildServiceProvider();

        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(HaWorld.Token);

        report.Entries["kubernetes-ha"].Status.Should().Be(HealthStatus.Healthy);
        report.Entries["kubernetes-ha"].Tags.Should().Equal("live");
    }

    private static IConfigurationRoot Configuration(params (string Key, string Value)[] values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(value => KeyValuePair.Create<string, string?>(value.Key, value.Value))).Build();

    private sealed class OtherService : ILeaderService
    {
        public Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
