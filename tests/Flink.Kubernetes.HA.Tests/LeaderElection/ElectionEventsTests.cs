using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Events of Kubernetes about the terms of a process (promise P10).</summary>
public sealed class ElectionEventsTests : IDisposable
{
    private readonly InMemoryApiServer _server = new();
    private readonly k8s.Kubernetes _admin;
    private readonly RecordingLoggerFactory _logs = new();

    public ElectionEventsTests() => _admin = _server.CreateClient();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _admin.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task A_term_is_told_of_when_it_begins_and_when_it_is_released()
    {
        string identity;
        await using (var services = CreateServices())
        {
            identity = services.Identity;
            await LeadAsync(services, term => term.DisposeAsync().AsTask());
        }

        var events = await ListAsync();
        events.Select(e => (e.Type, e.Reason, e.Message)).Should().Equal(
            ("Normal", "LeaderElection", $"{identity} became leader"), ("Normal", "LeaderElection", $"{identity} stopped leading"));
        var configMap = await _admin.CoreV1.ReadNamespacedConfigMapAsync("orders-dispatcher-leader", "default", cancellationToken: Token);
        events.Should().OnlyContain(e => e.InvolvedObject.Kind == "ConfigMap" && e.InvolvedObject.Name == "orders-dispatcher-leader" && e.InvolvedObject.Uid == configMap.Metadata.Uid);
    }

    [Fact]
    public async Task A_term_that_was_lost_is_a_warning_with_the_reason()
    {
        await using (var services = CreateServices())
        {
            await LeadAsync(services, async term =>
            {
                await _admin.CoreV1.DeleteNamespacedConfigMapAsync("orders-dispatcher-leader", "default", cancellationToken: Token);
                await Task.Delay(Timeout.Infinite, term.Lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            });
        }

        (await ListAsync()).Should().Contain(e => e.Type == "Warning" && e.Message.EndsWith(" lost the leadership: Deleted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_does_not_want_them_gets_none()
    {
        await using (var services = CreateServices(emits: false))
        {
            await LeadAsync(services, term => term.DisposeAsync().AsTask());
        }

        _server.Requests.Should().NotContain(r => r.Resource == "events");
    }

    [Fact]
    public async Task Without_the_permission_the_election_goes_on_and_says_so_once()
    {
        _server.Deny("user", "create", "events");
        await using (var services = CreateServices())
        {
            for (var i = 0; i < 3; i++)
            {
                await LeadAsync(services, term => term.DisposeAsync().AsTask(), LeaderComponent.Custom($"c{i}"));
            }
        }

        _logs.Count(329).Should().Be(1);
        _server.Requests.Count(r => r.Resource == "events").Should().Be(1);
    }

    [Theory]
    [InlineData("not connected")]
    [InlineData("too many requests")]
    public async Task A_failure_that_passes_costs_one_Event_and_is_not_taken_for_a_refusal(string what)
    {
        using var network = new FaultInjectingHandler(TimeProvider.System);
        var fault = what == "not connected" ? Fault.NotConnected() : Fault.Fail(HttpStatusCode.TooManyRequests);
        network.Inject(fault with { Resource = "events", Times = 1 });
        await using (var services = CreateServices(network))
        {
            await LeadAsync(services, term => term.DisposeAsync().AsTask());
            await LeadAsync(services, term => term.DisposeAsync().AsTask(), LeaderComponent.Custom("other"));
        }

        (await ListAsync()).Should().HaveCount(3);
        _logs.Count(329).Should().Be(0);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_them_delays_neither_the_term_nor_its_end()
    {
        using var network = new FaultInjectingHandler(TimeProvider.System);
        network.Inject(Fault.Hang() with { Resource = "events" });
        var began = TimeProvider.System.GetTimestamp();
        await using (var services = CreateServices(network))
        {
            await LeadAsync(services, term => term.DisposeAsync().AsTask());
        }

        TimeProvider.System.GetElapsedTime(began).Should().BeLessThan(TimeSpan.FromSeconds(10), "the request's own limit is not waited for");
    }

    private static async Task LeadAsync(KubernetesHaServices services, Func<LeadershipTerm, Task> work, LeaderComponent? component = null)
    {
        await foreach (var term in services.GetLeaderElection(component ?? LeaderComponent.Dispatcher).ContendAsync(Token))
        {
            await work(term);
            break;
        }
    }

    private KubernetesHaServices CreateServices(FaultInjectingHandler? network = null, bool emits = true)
    {
        var options = new KubernetesHaOptions { ClusterId = "orders", Namespace = "default", Identity = "pod-1" };
        options.LeaderElection.EmitEvents = emits;
        return new KubernetesHaServices(options, network is null ? _server.CreateClient("user") : _server.CreateClient("user", network), loggerFactory: _logs);
    }

    private async Task<IReadOnlyList<Corev1Event>> ListAsync() =>
        [.. (await _admin.CoreV1.ListNamespacedEventAsync("default", cancellationToken: Token)).Items.OrderBy(e => long.Parse(e.Metadata.ResourceVersion, CultureInfo.InvariantCulture))];
}
