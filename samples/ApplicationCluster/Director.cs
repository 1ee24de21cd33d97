using Flink.Kubernetes.HA;
using k8s;
using k8s.Models;
using Flink.Kubernetes.HA.Storage;

namespace ApplicationCluster;

/// <summary>Starts the replicas, follows their leaders as any client would, takes two of them away, cancels the job, and sums up.</summary>
internal sealed class Director(Settings settings, ApiServer server, IStateStorage storage, Timeline timeline, CancellationToken cancellationToken)
{
    private static readonly TimeSpan SomeCheckpoints = TimeSpan.FromSeconds(3.2);

    private readonly List<ReplicaProcess> _replicas = [];
    private readonly JobStory _job = new(timeline);

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

        using var folder = new TemporaryFolder();
        settings = settings with { Storage = settings.Storage ?? folder.Path };
        await using var server = await ApiServer.StartAsync(settings);
        var director = new Director(settings, server, Cluster.CreateStorage(settings), new Timeline(TimeProvider.System), stop.Token);
        try
        {
            await director.DirectAsync();
            return director._job.NothingLost ? 0 : 1;
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
        timeline.Say($"Checkpoints go to {storage.Location}");
        timeline.Say($"Lease {settings.Lease.TotalSeconds} s; three replicas contend for {Cluster.Components.Count} components.");
        var options = new KubernetesHaOptions();
        Cluster.Configure(options, settings with { KubeConfig = server.KubeConfig });
        var services = new KubernetesHaServices(options, storage: storage);
        await using (services)
        {
            using var following = new CancellationTokenSource();
            var follow = Task.WhenAll(Cluster.Components.Select(c => FollowAsync(services, c.Title, c.Component, following.Token)));
            var running = _job.NextRestore();
            foreach (var name in (string[])["jm-1", "jm-2", "jm-3"])
            {
                _replicas.Add(ReplicaProcess.Start(name, settings, server.KubeConfig, _job.Heard));
                timeline.Say($"Started {name} as process {_replicas[^1].Id}.");
            }

            await UntilAllAreLedAsync();
            await running.WaitAsync(cancellationToken);
            await TakeAwayAsync("SIGKILL", replica => replica.Kill());
            await TakeAwayAsync("SIGTERM", replica => replica.Terminate());
            await CancelJobAsync(services);
            await StopTheRestAsync();
            await following.CancelAsync();
            await follow;
            PrintSummary();
            await RemoveConfigMapsAsync(services);
        }
    }

    /// <summary>What any client of the cluster does to find its leaders.</summary>
    private async Task FollowAsync(KubernetesHaServices services, string title, LeaderComponent component, CancellationToken following)
    {
        try
        {
            var session = Guid.Empty;
            await foreach (var leader in services.GetLeaderRetrieval(component).WatchAsync(following))
            {
                // Whether a leader is alive or suspected is of no interest here: only who it is, once it has published where.
                if (leader?.SessionId != session && leader is not { Address: null })
                {
                    session = leader?.SessionId ?? Guid.Empty;
                    timeline.Heard(title, component, leader);
                }
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
        await Task.Delay(SomeCheckpoints, cancellationToken);
        var victim = _replicas.Single(r => r.Name == timeline.LeaderOf(LeaderComponent.JobManager(Cluster.Job)));
        var led = Cluster.Components.Where(c => timeline.LeaderOf(c.Component) == victim.Name).Select(c => c.Title);
        timeline.Say($"{signal} to {victim.Name}, the leader of {string.Join(", ", led)}.");
        var goesOn = _job.NextRestore();
        timeline.Cause(signal);
        take(victim);
        await victim.WaitForExitAsync(cancellationToken);
        await UntilAllAreLedAsync();
        await goesOn.WaitAsync(cancellationToken);
    }

    private async Task CancelJobAsync(KubernetesHaServices services)
    {
        await Task.Delay(SomeCheckpoints, cancellationToken);
        await PrintJobAsync(services, "before");
        timeline.Say("Canceling the job.");
        _replicas.Where(r => r.IsRunning).ToList().ForEach(r => r.CancelJob());
        await _job.CleanedUp.Task.WaitAsync(cancellationToken);
        await PrintJobAsync(services, "after");
    }

    /// <summary>Lists what there is of the job, in Kubernetes and in the storage: the proof that nothing is left of it.</summary>
    private async Task PrintJobAsync(KubernetesHaServices services, string when)
    {
        timeline.Say($"What there is of the job {when} it was canceled:");
        var configMaps = await services.Client.CoreV1.ListNamespacedConfigMapAsync(services.Namespace, labelSelector: $"app={settings.ClusterId}", cancellationToken: cancellationToken);
        var found = 0;
        foreach (var configMap in configMaps.Items)
        {
            var isTheJobs = configMap.Metadata.Name!.Contains($"{Cluster.Job}", StringComparison.Ordinal);
            foreach (var key in (configMap.Data ?? new Dictionary<string, string>()).Keys.Where(k => isTheJobs || k.Contains($"{Cluster.Job}", StringComparison.Ordinal)))
            {
                var isResult = key.StartsWith("jobResult-", StringComparison.Ordinal);
                timeline.Say($"    ConfigMap {configMap.Metadata.Name}: {key}{(isResult ? " (kept, so that the job never runs again)" : string.Empty)}");
                found += isResult ? 0 : 1;
            }
        }

        await foreach (var entry in storage.ListAsync($"{services.Namespace}/{settings.ClusterId}/", cancellationToken))
        {
            if (entry.Key.Value.Contains($"{Cluster.Job}", StringComparison.Ordinal))
            {
                timeline.Say($"    data {entry.Key}, {entry.Size} bytes");
                found++;
            }
        }

        timeline.Say(found == 0 ? "    nothing else" : $"    {found} in all");
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

        Console.WriteLine($"  The job: {_job.Checkpoints} checkpoints; {(_job.NothingLost ? "no acknowledged one was ever lost" : "AN ACKNOWLEDGED ONE WAS LOST")}.");
        foreach (var restore in _job.Restores)
        {
            Console.WriteLine($"    {restore}");
        }
    }

    /// <summary>The ConfigMaps of the cluster's components outlive their processes on purpose; this demonstration leaves nothing behind.</summary>
    private async Task RemoveConfigMapsAsync(KubernetesHaServices services)
    {
        var configMaps = services.Client.CoreV1;
        var list = await configMaps.ListNamespacedConfigMapAsync(
            services.Namespace, labelSelector: $"app={settings.ClusterId},configmap-type=high-availability", cancellationToken: cancellationToken);
        foreach (var configMap in list.Items)
        {
            await configMaps.DeleteNamespacedConfigMapAsync(
                configMap.Metadata.Name,
                services.Namespace,
                new V1DeleteOptions { Preconditions = new V1Preconditions { Uid = configMap.Metadata.Uid } },
                cancellationToken: cancellationToken);
        }

        Console.WriteLine($"  Removed {list.Items.Count} ConfigMaps.");
    }
}
