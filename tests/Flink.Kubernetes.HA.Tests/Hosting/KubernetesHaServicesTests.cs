using Microsoft.Extensions.Options;

namespace Flink.Kubernetes.HA.Tests.Hosting;

public sealed class KubernetesHaServicesTests : IDisposable
{
    // Nothing is sent to it.
    private readonly k8s.Kubernetes _client = new(new k8s.KubernetesClientConfiguration { Host = "http://127.0.0.1:1" });

    [Fact]
    public async Task Each_component_has_one_election_and_one_retrieval()
    {
        await using var services = Create();

        services.GetLeaderElection(LeaderComponent.Dispatcher).Should().BeSameAs(services.GetLeaderElection(LeaderComponent.Dispatcher));
        services.GetLeaderElection(LeaderComponent.Custom("gateway"))
            .Should().BeSameAs(services.GetLeaderElection(LeaderComponent.Custom("gateway")));
        services.GetLeaderElection(LeaderComponent.ResourceManager).Should().NotBeSameAs(services.GetLeaderElection(LeaderComponent.Dispatcher));
        services.GetLeaderRetrieval(LeaderComponent.Dispatcher).Should().BeSameAs(services.GetLeaderRetrieval(LeaderComponent.Dispatcher));
        services.GetLeaderRetrieval(LeaderComponent.Dispatcher).Component.Should().Be(LeaderComponent.Dispatcher);
    }

    [Fact]
    public async Task Elections_carry_the_identity_of_the_services()
    {
        await using var services = Create();

        services.GetLeaderElection(LeaderComponent.Dispatcher).Identity.Should().Be(services.Identity);
    }

    [Fact]
    public async Task An_identity_is_unique_also_when_two_processes_were_given_the_same()
    {
        await using var one = Create();
        await using var other = Create();

        one.Identity.Should().MatchRegex("^pod-1_[0-9a-f]{32}$");
        other.Identity.Should().NotBe(one.Identity);
    }

    [Fact]
    public async Task Without_an_identity_the_host_s_name_is_taken()
    {
        await using var services = Create(o => o.Identity = null);

        services.Identity.Should().StartWith(Environment.MachineName + "_");
    }

    [Fact]
    public void Wrong_options_are_refused_with_what_to_change()
    {
        var exception = Invoking(() => Create(o => o.ClusterId = "Orders")).Should().ThrowExactly<OptionsValidationException>().Which;

        exception.Message.Should().Contain("'Orders'");
    }

    [Fact]
    public void A_client_of_one_s_own_needs_a_namespace()
    {
        var exception = Invoking(() => Create(o => o.Namespace = null)).Should().ThrowExactly<OptionsValidationException>().Which;

        exception.Message.Should().Contain("Namespace is missing");
    }

    [Fact]
    public async Task After_disposal_nothing_is_handed_out()
    {
        var services = Create();
        services.GetLeaderElection(LeaderComponent.Dispatcher);

        await Task.WhenAll(services.DisposeAsync().AsTask(), services.DisposeAsync().AsTask());
        await services.DisposeAsync();

        Invoking(() => services.GetLeaderElection(LeaderComponent.Dispatcher)).Should().ThrowExactly<ObjectDisposedException>();
        Invoking(() => services.GetLeaderRetrieval(LeaderComponent.Dispatcher)).Should().ThrowExactly<ObjectDisposedException>();
        ((IHighAvailabilityHealth)services).GetHealth().Should().BeEmpty();
    }

    [Fact]
    public async Task Health_covers_what_was_handed_out()
    {
        await using var services = Create();
        services.GetLeaderElection(LeaderComponent.Dispatcher);
        services.GetLeaderRetrieval(LeaderComponent.RestEndpoint);

        ((IHighAvailabilityHealth)services).GetHealth().Select(health => health.Component)
            .Should().Equal(LeaderComponent.Dispatcher, LeaderComponent.RestEndpoint);
    }

    public void Dispose() => _client.Dispose();

    private KubernetesHaServices Create(Action<KubernetesHaOptions>? change = null)
    {
        var options = new KubernetesHaOptions { ClusterId = "orders", Namespace = "team", Identity = "pod-1" };
        change?.Invoke(options);
        return new KubernetesHaServices(options, _client);
    }
}
