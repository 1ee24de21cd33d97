using System.Reflection;
using k8s;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Tests.Hosting;

/// <summary>Which client the services use, who disposes it, and what is logged about it.</summary>
public sealed class ClientChoiceTests : IDisposable
{
    private readonly InMemoryApiServer _server = new();
    private readonly RecordingLoggerFactory _log = new();
    private readonly k8s.Kubernetes _given;

    public ClientChoiceTests() => _given = _server.CreateClient();

    private static KubernetesClientConfiguration Elsewhere => new() { Host = "http://127.0.0.1:1", Namespace = "team" };

    [Fact]
    public async Task A_configuration_in_the_container_says_where_the_API_server_is_and_an_IKubernetes_there_is_not_used()
    {
        await using var provider = Add(null, services => services.AddSingleton(Elsewhere).AddSingleton<IKubernetes>(_given));
        var services = provider.GetRequiredService<IHighAvailabilityServices>();

        services.Client.Should().NotBeSameAs(_given);
        services.Client.BaseUri.Port.Should().Be(1);
        services.Namespace.Should().Be("team");
        _log.Ids.Should().Contain(500).And.NotContain(501);
    }

    [Fact]
    public async Task Without_a_configuration_an_IKubernetes_in_the_container_is_no_way_to_a_server()
    {
        await using var provider = Add(null, services => services.AddSingleton<IKubernetes>(_given), options => options.KubeConfigPath = "/does/not/exist");

        Invoking(provider.GetRequiredService<IHighAvailabilityServices>)
            .Should().ThrowExactly<KubernetesHaException>().Which.Failure.Should().Be(KubernetesFailure.Configuration);
    }

    [Fact]
    public async Task A_client_that_is_handed_over_is_used_and_lives_on()
    {
        var provider = Add(_ => _given, services => services.AddSingleton(Elsewhere), options => options.Namespace = "team");
        var services = provider.GetRequiredService<IHighAvailabilityServices>();
        services.Client.Should().BeSameAs(_given);
        await HearsOfNoLeaderAsync(services);

        await provider.DisposeAsync();

        _server.OpenWatches.Should().Be(0);
        (await _given.CoreV1.ListNamespacedConfigMapAsync("team", cancellationToken: HaWorld.Token)).Items.Should().BeEmpty();
        _log.Of(501).Should().ContainSingle().Which.Should().Contain("CreateHaClient");
    }

    [Fact]
    public async Task A_client_of_CreateHaClient_is_handed_over_without_a_warning()
    {
        using var client = Elsewhere.CreateHaClient();
        await using var provider = Add(_ => client, configure: options => options.Namespace = "team");

        provider.GetRequiredService<IHighAvailabilityServices>().Client.Should().BeSameAs(client);
        _log.Ids.Should().Contain(500).And.NotContain(501);
    }

    [Fact]
    public async Task A_client_of_the_services_own_outlives_the_release_of_the_locks_and_the_end_of_the_watches()
    {
        await using var host = await InMemoryApiServerHost.StartAsync(_server, cancellationToken: HaWorld.Token);
        var configuration = new KubernetesClientConfiguration { Host = host.Url.ToString(), AccessToken = "pod" };
        var provider = Add(null, services => services.AddSingleton(configuration));
        var services = provider.GetRequiredService<IHighAvailabilityServices>();
        var terms = services.GetLeaderElection(LeaderComponent.Dispatcher).ContendAsync(HaWorld.Token).GetAsyncEnumerator(HaWorld.Token);
        (await terms.MoveNextAsync()).Should().BeTrue();
        using var work = terms.Current.Stopping.UnsafeRegister(static term => _ = ((LeadershipTerm)term!).DisposeAsync().AsTask(), terms.Current);

        await provider.DisposeAsync();

        var configMap = await _given.CoreV1.ReadNamespacedConfigMapAsync("orders-dispatcher-leader", "default", cancellationToken: HaWorld.Token);
        LeaderElectionRecord.Parse(configMap.Metadata.Annotations[HaNames.LockAnnotation]).IsReleased.Should().BeTrue();
        _log.Ids.Should().Contain(305).And.NotContain([203, 306]);
        await Awaiting(() => services.Client.CoreV1.ListNamespacedConfigMapAsync("default", cancellationToken: HaWorld.Token))
            .Should().ThrowAsync<ObjectDisposedException>();
        await terms.DisposeAsync();
    }

    [Fact]
    public async Task Of_two_clients_the_one_that_was_handed_over_last_is_used()
    {
        using var first = _server.CreateClient();
        await using var provider = Add(_ => first, services => services.AddKubernetesHa(options => options.Namespace = "team", _ => _given));

        provider.GetRequiredService<IHighAvailabilityServices>().Client.Should().BeSameAs(first);
    }

    [Fact]
    public async Task A_delegate_that_returns_no_client_is_an_error_and_not_the_default_client()
    {
        await using var provider = Add(_ => null!, services => services.AddSingleton(Elsewhere));

        Invoking(provider.GetRequiredService<IHighAvailabilityServices>).Should().ThrowExactly<InvalidOperationException>().WithMessage("*returned null*");
    }

    [Fact]
    public void A_client_without_an_HttpClient_is_refused_by_name()
    {
        var other = DispatchProxy.Create<IKubernetes, Mock>();

        Invoking(() => new KubernetesHaServices(new KubernetesHaOptions { ClusterId = "orders", Namespace = "team" }, other))
            .Should().ThrowExactly<NotSupportedException>().Which.Message.Should().Contain(other.GetType().Name).And.Contain("k8s.Kubernetes");
    }

    public void Dispose()
    {
        _given.Dispose();
        _server.Dispose();
    }

    /// <summary>Afterwards a watch is open, or about to be.</summary>
    private static async Task HearsOfNoLeaderAsync(IHighAvailabilityServices services)
    {
        await foreach (var leader in services.GetLeaderRetrieval(LeaderComponent.Dispatcher).WatchAsync(HaWorld.Token))
        {
            leader.Should().BeNull();
            break;
        }
    }

    private ServiceProvider Add(
        Func<IServiceProvider, IKubernetes>? client, Action<IServiceCollection>? add = null, Action<KubernetesHaOptions>? configure = null)
    {
        var services = new ServiceCollection().AddSingleton<ILoggerFactory>(_log);
        add?.Invoke(services);
        return services.AddKubernetesHa(options => options.ClusterId = "orders", client).AddKubernetesHa(configure ?? (_ => { })).BuildServiceProvider();
    }
}
