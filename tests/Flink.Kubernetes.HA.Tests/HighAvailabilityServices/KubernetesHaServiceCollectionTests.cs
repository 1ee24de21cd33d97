using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

public sealed class KubernetesHaServiceCollectionTests
{
    private readonly UnusedKubeClient _client = new();
    private readonly ServiceCollection _services = new();

    public KubernetesHaServiceCollectionTests() => _services.AddLogging().AddSingleton<IKubeClient>(_client);

    [Fact]
    public async Task Options_set_in_code_reach_the_services()
    {
        await using var provider = _services.AddKubernetesHa(o => (o.ClusterId, o.Namespace, o.Identity) = ("orders", "team", "pod-1")).BuildServiceProvider();

        var services = provider.GetRequiredService<IHighAvailabilityServices>();

        Assert.Equal(("orders", "team"), (services.ClusterId, services.Namespace));
        Assert.StartsWith("pod-1_", services.Identity);
    }

    [Fact]
    public async Task Every_option_can_be_set_in_configuration()
    {
        await using var provider = _services.AddKubernetesHa(Configuration(
            ("ClusterId", "orders"), ("Namespace", "team"), ("Identity", "pod-1"), ("KubeConfigPath", "/tmp/config"), ("Context", "prod"),
            ("LeaderElection:LeaseDuration", "00:00:30"), ("LeaderElection:RenewDeadline", "00:00:20"), ("LeaderElection:RetryPeriod", "00:00:03"),
            ("LeaderElection:RequestTimeout", "00:00:04"), ("LeaderElection:MaxClockRateError", "0.02"), ("KubeClient:RequestTimeout", "00:00:07"))).BuildServiceProvider();

        var options = provider.GetRequiredService<IOptions<KubernetesHaOptions>>().Value;

        Assert.Equal(("orders", "team", "pod-1", "/tmp/config", "prod"), (options.ClusterId, options.Namespace, options.Identity, options.KubeConfigPath, options.Context));
        var election = options.LeaderElection;
        Assert.Equal(
            [30, 20, 3, 4],
            new[] { election.LeaseDuration, election.RenewDeadline, election.RetryPeriod, election.RequestTimeout }.Select(time => time.TotalSeconds));
        Assert.Equal(0.02, election.MaxClockRateError);
        Assert.Equal(7, options.KubeClient.RequestTimeout.TotalSeconds);
    }

    [Fact]
    public async Task Code_and_configuration_add_up_and_the_services_stay_one()
    {
        await using var provider = _services
            .AddKubernetesHa(Configuration(("ClusterId", "orders"), ("Namespace", "team")))
            .AddKubernetesHa(o => o.Namespace = "other")
            .BuildServiceProvider();

        var services = Assert.Single(provider.GetServices<IHighAvailabilityServices>());

        Assert.Equal(("orders", "other"), (services.ClusterId, services.Namespace));
        Assert.Single(provider.GetServices<IValidateOptions<KubernetesHaOptions>>());
    }

    [Fact]
    public async Task A_host_with_wrong_options_does_not_start()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddKubernetesHa(o => (o.ClusterId, o.Namespace) = ("Orders", "Team"));
        using var host = builder.Build();

        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));

        Assert.Equal(2, exception.Failures.Count());
    }

    [Fact]
    public void A_leader_service_is_added_once()
    {
        _services.AddLeaderService<ScriptedService>(LeaderComponent.Dispatcher)
            .AddLeaderService<ScriptedService>(LeaderComponent.Dispatcher)
            .AddLeaderService<ScriptedService>(LeaderComponent.ResourceManager);

        Assert.Equal(2, _services.Count(descriptor => descriptor.ServiceType == typeof(IHostedService)));
        Assert.Single(_services, descriptor => descriptor.ServiceType == typeof(ScriptedService));
    }

    [Fact]
    public void A_component_can_t_have_two_leader_services()
    {
        _services.AddLeaderService<ScriptedService>(LeaderComponent.Dispatcher);

        var exception = Assert.Throws<InvalidOperationException>(() => _services.AddLeaderService<OtherService>(LeaderComponent.Dispatcher));

        Assert.Contains("'dispatcher' has the leader service ScriptedService already", exception.Message);
    }

    [Fact]
    public async Task A_leader_service_without_the_services_says_what_is_missing()
    {
        await using var provider = _services.AddOptions().AddLeaderService<OtherService>(LeaderComponent.Dispatcher).BuildServiceProvider();

        var exception = Assert.Throws<InvalidOperationException>(() => provider.GetServices<IHostedService>().ToList());

        Assert.Contains("services.AddKubernetesHa(...)", exception.Message);
    }

    [Fact]
    public async Task The_container_disposes_the_services_and_leaves_the_client_to_its_owner()
    {
        var provider = _services.AddKubernetesHa(o => (o.ClusterId, o.Namespace) = ("orders", "team")).BuildServiceProvider();
        var services = provider.GetRequiredService<IHighAvailabilityServices>();

        await provider.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => services.GetLeaderElection(LeaderComponent.Dispatcher));
        Assert.Equal(0, _client.Disposals);
    }

    [Fact]
    public async Task The_health_check_is_found_by_name()
    {
        _services.AddKubernetesHa(o => (o.ClusterId, o.Namespace) = ("orders", "team")).AddHealthChecks().AddKubernetesHa(tags: ["live"]);
        await using var provider = _services.BuildServiceProvider();

        var report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HealthStatus.Healthy, report.Entries["kubernetes-ha"].Status);
        Assert.Equal(["live"], report.Entries["kubernetes-ha"].Tags);
    }

    private static IConfigurationRoot Configuration(params (string Key, string Value)[] values) =>
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(value => KeyValuePair.Create<string, string?>(value.Key, value.Value))).Build();

    private sealed class OtherService : ILeaderService
    {
        public Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
