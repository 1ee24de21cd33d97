using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ApplicationCluster;

/// <summary>One control-plane process: contends for every component, and does a component's work while it leads it.</summary>
internal static class Replica
{
    public static async Task<int> RunAsync(string[] args)
    {
        var settings = Settings.Parse(args);
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(settings.Logs ? LogLevel.Information : LogLevel.Error);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddKubernetesHa(options =>
        {
            Cluster.Configure(options, settings);
            options.Identity = settings.Name;
        });
        builder.Services.AddSingleton<IStateStorage>(Cluster.CreateStorage(settings));
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<JobControl>();
        builder.Services.AddLeaderService<ComponentWork>(LeaderComponent.ResourceManager);
        builder.Services.AddLeaderService<ComponentWork>(LeaderComponent.RestEndpoint);
        builder.Services.AddLeaderService<Dispatcher>(LeaderComponent.Dispatcher);
        builder.Services.AddHostedService<JobManager>();
        using var host = builder.Build();
        _ = host.Services.GetRequiredService<JobControl>().ListenAsync();
        await host.RunAsync();
        return 0;
    }

    /// <summary>What a component without a story does: it says where it is, and works until the token fires.</summary>
    private sealed class ComponentWork(Settings settings) : ILeaderService
    {
        public async Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken)
        {
            await term.PublishAddressAsync(Cluster.Address(settings, term.Component), cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
