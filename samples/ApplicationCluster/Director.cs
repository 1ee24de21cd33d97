using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.KubeClient;

namespace ApplicationCluster;

/// <summary>Starts the replicas, follows their leaders as any client would, takes two of them away, and sums up.</summary>
internal sealed class Director(Settings settings, ApiServer server, Timeline timeline, CancellationToken cancellationToken)
{
    private readonly List<ReplicaProcess> _replicas = [];

    public static async Task<int> RunAsync(string[] args)
    {
        Settings settings;
        try
        {
            settings = Settings.Parse(args);
        }
        catch (ArgumentException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 2;
        }

        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };

        await using var server = await ApiServer.StartAsync(settings);
        var director = new Director(settings, server, new Timeline(TimeProvider.System), stop.Token);
        try
        {
            await director.DirectAsync();
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped before the end.");
            return 1;
        }
        finally
        {
            director._replicas.ForEach(replica => replica.Dispose());
        }
    }

    private async Task DirectAsync()
    {
        timeline.Say($"Cluster '{settings.ClusterId}' on {server.Description}");
        timeline.Say($"Lease {settings.Lease.TotalSeconds} s; three replicas contend for {Cluster.Components.Count} components.");
        var options = new KubernetesHaOptions();
        Cluster.Configure(options, settings with { KubeConfig = server.KubeConfig });
        var services = new KubernetesHaServices(options);
        await using (services)
        {
            using var following = new CancellationTokenSource();
            var follow = Task.WhenAll(Cluster.Components.Select(c => FollowAsync(services, c.Title, c.Component, following.Token)));

            foreach (var name in (string[])["jm-1", "jm-2", "jm-3"])
            {
                _replicas.Add(ReplicaProcess.Start(name, settings, server.KubeConfig));
                timeline.Say($"Started {name} as process {_replicas[^1].Id}.");
            }

            await UntilAllAreLedAsync();
            await TakeAwayAsync("SIGKILL", replica => replica.Kill());
            await TakeAwayAsync("SIGTERM", replica => replica.Terminate());
            await StopTheRestAsync();
            await following.CancelAsync();
            await follow;
            PrintSummary();
            await RemoveConfigMapsAsync(services.Namespace);
        }
    }

    /// <summary>What any client of the cluster does to find its leaders.</summary>
    private async Task FollowAsync(KubernetesHaServices services, string title, LeaderComponent component, CancellationToken following)
    {
        try
        {
            await foreach (var leader in services.GetLeaderRetrieval(component).WatchAsync(following))
            {
                timeline.Heard(title, component, leader);
            }
        }
        catch (OperationCanceledException) when (following.IsCancellationRequested)
        {
        }
    }

    private async Task UntilAllAreLedAsync()
    {
        while (!timeline.AllLedBy(_replicas.Where(r => r.IsRunning).Select(r => r.Name).ToHashSet()))
        {
            await Task.Delay(5, cancellationToken);
        }

        timeline.PrintState();
    }

    private async Task TakeAwayAsync(string signal, Action<ReplicaProcess> take)
    {
        // Time for the standbys to see a renewal or two, as in a cluster that has been running.
        await Task.Delay(settings.Lease / 2, cancellationToken);
        var victim = _replicas.Single(r => r.Name == timeline.LeaderOf(LeaderComponent.Dispatcher));
        var led = Cluster.Components.Where(c => timeline.LeaderOf(c.Component) == victim.Name).Select(c => c.Title);
        timeline.Say($"{signal} to {victim.Name}, the leader of {string.Join(", ", led)}.");
        timeline.Cause(signal);
        take(victim);
        await victim.WaitForExitAsync(cancellationToken);
        await UntilAllAreLedAsync();
    }

    private async Task StopTheRestAsync()
    {
        foreach (var replica in _replicas.Where(r => r.IsRunning))
        {
            timeline.Say($"Stopping {replica.Name}, the last one.");
            replica.Terminate();
            await replica.WaitForExitAsync(cancellationToken);
        }
    }

    private void PrintSummary()
    {
        Console.WriteLine();
        Console.WriteLine($"Summary: lease {settings.Lease.TotalSeconds} s, from the signal until a follower had heard of the new leader.");
        foreach (var group in timeline.Takeovers.GroupBy(t => t.Cause))
        {
            var times = group.Select(t => t.Took).Order().ToList();
            Console.WriteLine($"  {group.Key}: {times.Count} takeovers, fastest {Timeline.Format(times[0])}, slowest {Timeline.Format(times[^1])}");
            foreach (var takeover in group)
            {
                Console.WriteLine($"    {takeover.Component,-16} {takeover.From} -> {takeover.To}  {Timeline.Format(takeover.Took)}");
            }
        }
    }

    /// <summary>HA ConfigMaps outlive their processes on purpose; this demonstration leaves nothing behind.</summary>
    private async Task RemoveConfigMapsAsync(string namespaceName)
    {
        await using var client = new HttpKubeClient(KubeConnection.FromKubeConfig(server.KubeConfig));
        var selector = new ListOptions { LabelSelector = $"app={settings.ClusterId},configmap-type=high-availability" };
        var list = await client.ListAsync(KubeResources.ConfigMaps.MetadataOnly, namespaceName, selector, cancellationToken);
        foreach (var configMap in list.Items)
        {
            await client.DeleteAsync(KubeResources.ConfigMaps, configMap.Key, new DeletePreconditions(configMap.Metadata.Uid), cancellationToken);
        }

        Console.WriteLine($"  Removed {list.Items.Count} ConfigMaps.");
    }
}
