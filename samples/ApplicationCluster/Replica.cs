using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.LeaderElection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ApplicationCluster;

/// <summary>One control-plane process: contends for every component, and does a component's work while it leads it.</summary>
/// <remarks>This is all that a process of your own needs.</remarks>
internal static class Replica
{
    public static async Task<int> RunAsync(string[] args)
    {
        var settings = Settings.Parse(args);
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(settings.Logs ? LogLevel.Information : LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.AddKubernetesHa(options =>
        {
            Cluster.Configure(options, settings);
            options.Identity = settings.Name;
        });
        builder.Services.AddSingleton(settings);
        builder.Services.AddLeaderService<ComponentWork>(LeaderComponent.ResourceManager);
        builder.Services.AddLeaderService<ComponentWork>(LeaderComponent.Dispatcher);
        builder.Services.AddLeaderService<ComponentWork>(LeaderComponent.RestEndpoint);
        builder.Services.AddLeaderService<ComponentWork>(LeaderComponent.JobManager(Cluster.Job));
        using var host = builder.Build();

        // When the director is gone, however it ended, nobody would stop this process: its end closes our standard input.
        var lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        _ = Task.Run(async () =>
        {
            await Console.In.ReadToEndAsync().ConfigureAwait(false);
            lifetime.StopApplication();
        });
        await host.RunAsync();
        return 0;
    }

    private sealed class ComponentWork(Settings settings) : ILeaderService
    {
        public async Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken)
        {
            await term.PublishAddressAsync($"http://{settings.Name}/{term.Component}", cancellationToken);

            // The component's work goes here; it ends when the token fires, and only then is the lock given up.
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
