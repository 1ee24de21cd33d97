using System.Threading.Channels;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

/// <summary>Whole hosts, as a user builds them, on an API server in memory.</summary>
public sealed class LeaderServiceHostTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly InMemoryApiServer _server = new();
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();

    [Fact]
    public async Task A_host_that_stops_ends_its_work_and_hands_over_to_the_next()
    {
        using var first = await StartAsync("first");
        Assert.Equal("first begins", await NextAsync());
        using var second = await StartAsync("second");

        await first.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.Equal("first ends", await NextAsync());
        Assert.Equal("second begins", await NextAsync());
        await second.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_host_that_has_stopped_leaves_a_lock_that_nobody_holds()
    {
        using var host = await StartAsync("only");
        Assert.Equal("only begins", await NextAsync());
        Assert.Contains("only_", await LockAsync());

        await host.StopAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);

        Assert.DoesNotContain("only_", await LockAsync());
    }

    [Fact]
    public async Task A_host_whose_term_is_lost_ends_the_work_and_leads_again()
    {
        using var host = await StartAsync("only");
        Assert.Equal("only begins", await NextAsync());

        await _server.CreateClient().DeleteAsync(KubeResources.ConfigMaps, new ObjectKey("team", "orders-dispatcher-leader"), cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("only ends", await NextAsync());
        Assert.Equal("only begins", await NextAsync());
        await host.StopAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose() => _server.Dispose();

    private async Task<IHost> StartAsync(string name)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton(new Report(name, _events.Writer)).AddSingleton(_server.CreateClient());
        builder.Services.AddKubernetesHa(options => (options.ClusterId, options.Namespace, options.Identity) = ("orders", "team", name));
        builder.Services.AddLeaderService<Reporting>(LeaderComponent.Dispatcher);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return host;
    }

    private async Task<string> NextAsync() =>
        await _events.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);

    private async Task<string> LockAsync()
    {
        var configMap = await _server.CreateClient().GetAsync(KubeResources.ConfigMaps, new ObjectKey("team", "orders-dispatcher-leader"), TestContext.Current.CancellationToken);
        return configMap.Metadata.Annotations!["control-plane.alpha.kubernetes.io/leader"];
    }

    private sealed record Report(string Name, ChannelWriter<string> Events);

    private sealed class Reporting(Report report) : ILeaderService
    {
        public async Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken)
        {
            report.Events.TryWrite($"{report.Name} begins");
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
            finally
            {
                report.Events.TryWrite($"{report.Name} ends");
            }
        }
    }
}
