using System.Globalization;
using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.LeaderElection;
using Microsoft.Extensions.Hosting;

namespace ApplicationCluster;

/// <summary>Runs the job while this process leads its JobManager: restores the latest checkpoint and goes on counting.</summary>
internal sealed class JobManager(IHighAvailabilityServices services, JobControl control, Settings settings) : BackgroundService
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Contended for only as long as the job runs: what is cleaned up must not come back.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, control.JobCancelled);
        var component = LeaderComponent.JobManager(Cluster.Job);
        try
        {
            await foreach (var term in services.GetLeaderElection(component).ContendAsync(Cluster.Address(settings, component), either.Token))
            {
                await using (term)
                {
                    await RunJobAsync(term);
                }
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
        }
    }

    private async Task RunJobAsync(LeadershipTerm term)
    {
        var checkpoints = await services.OpenCheckpointStoreAsync(term, JobState.Serializer, cancellationToken: term.Lost);
        var count = checkpoints.Latest?.Value.Count ?? 0;
        Console.WriteLine(checkpoints.Latest is { } latest
            ? string.Create(CultureInfo.InvariantCulture, $"restored {latest.Id} {count} {latest.Value.TakenAt:HH:mm:ss.fff} {latest.Handle.State.Key}")
            : "scratch");

        var since = TimeProvider.System.GetTimestamp();
        while (!term.Stopping.IsCancellationRequested)
        {
            await Task.Delay(Step, term.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            count++;
            if (TimeProvider.System.GetElapsedTime(since) >= CheckpointInterval && !term.Stopping.IsCancellationRequested)
            {
                since = TimeProvider.System.GetTimestamp();
                await CheckpointAsync();
            }
        }

        if (!term.Lost.IsCancellationRequested && !control.JobCancelled.IsCancellationRequested)
        {
            // A graceful end: the lock is still ours, so not even the work since the last checkpoint is lost.
            await CheckpointAsync();
        }

        async Task CheckpointAsync()
        {
            try
            {
                var taken = await checkpoints.AddAsync(new JobState(count, TimeProvider.System.GetUtcNow()), term.Lost);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"checkpoint {taken.Id} {count}"));
            }
            catch (Exception exception) when (exception is OperationCanceledException or LeadershipLostException)
            {
                // The next leader goes on from the checkpoint before.
            }
        }
    }
}
