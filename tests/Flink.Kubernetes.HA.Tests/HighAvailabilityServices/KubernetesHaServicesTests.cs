using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

public sealed class KubernetesHaServicesTests
{
    private readonly UnusedKubeClient _client = new();

    [Fact]
    public async Task Each_component_has_one_election_and_one_retrieval()
    {
        await using var services = Create();

        Assert.Same(services.GetLeaderElection(LeaderComponent.Dispatcher), services.GetLeaderElection(LeaderComponent.Dispatcher));
        Assert.Same(services.GetLeaderElection(LeaderComponent.Custom("gateway")), services.GetLeaderElection(LeaderComponent.Custom("gateway")));
        Assert.NotSame(services.GetLeaderElection(LeaderComponent.Dispatcher), services.GetLeaderElection(LeaderComponent.ResourceManager));
        Assert.Same(services.GetLeaderRetrieval(LeaderComponent.Dispatcher), services.GetLeaderRetrieval(LeaderComponent.Dispatcher));
        Assert.Equal(LeaderComponent.Dispatcher, services.GetLeaderRetrieval(LeaderComponent.Dispatcher).Component);
    }

    [Fact]
    public async Task Elections_carry_the_identity_of_the_services()
    {
        await using var services = Create();

        Assert.Equal(services.Identity, services.GetLeaderElection(LeaderComponent.Dispatcher).Identity);
    }

    [Fact]
    public async Task An_identity_is_unique_also_when_two_processes_were_given_the_same()
    {
        await using var one = Create();
        await using var other = Create();

        Assert.Matches("^pod-1_[0-9a-f]{32}$", one.Identity);
        Assert.NotEqual(one.Identity, other.Identity);
    }

    [Fact]
    public async Task Without_an_identity_the_host_s_name_is_taken()
    {
        await using var services = Create(o => o.Identity = null);

        Assert.StartsWith(Environment.MachineName + "_", services.Identity);
    }

    [Fact]
    public void Wrong_options_are_refused_with_what_to_change()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Create(o => o.ClusterId = "Orders"));

        Assert.Contains("'Orders'", exception.Message);
    }

    [Fact]
    public void A_client_of_one_s_own_needs_a_namespace()
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Create(o => o.Namespace = null));

        Assert.Contains("Namespace is missing", exception.Message);
    }

    [Fact]
    public async Task After_disposal_nothing_is_handed_out_and_a_client_of_one_s_own_lives_on()
    {
        var services = Create();
        services.GetLeaderElection(LeaderComponent.Dispatcher);

        await Task.WhenAll(services.DisposeAsync().AsTask(), services.DisposeAsync().AsTask());
        await services.DisposeAsync();

        Assert.Throws<ObjectDisposedException>(() => services.GetLeaderElection(LeaderComponent.Dispatcher));
        Assert.Throws<ObjectDisposedException>(() => services.GetLeaderRetrieval(LeaderComponent.Dispatcher));
        Assert.Empty(((IHighAvailabilityHealth)services).GetHealth());
        Assert.Equal(0, _client.Disposals);
    }

    [Fact]
    public async Task Health_covers_what_was_handed_out()
    {
        await using var services = Create();
        services.GetLeaderElection(LeaderComponent.Dispatcher);
        services.GetLeaderRetrieval(LeaderComponent.RestEndpoint);

        Assert.Equal(
            [LeaderComponent.Dispatcher, LeaderComponent.RestEndpoint],
            ((IHighAvailabilityHealth)services).GetHealth().Select(health => health.Component));
    }

    private KubernetesHaServices Create(Action<KubernetesHaOptions>? change = null)
    {
        var options = new KubernetesHaOptions { ClusterId = "orders", Namespace = "team", Identity = "pod-1" };
        change?.Invoke(options);
        return new KubernetesHaServices(options, _client);
    }
}
