using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;

namespace ApplicationCluster;

/// <summary>Keeps the job graph, writes down how the job has ended, and cleans up after it.</summary>
internal sealed class Dispatcher(IHighAvailabilityServices services, JobControl control, Settings settings) : ILeaderService
{
    public async Task RunAsync(LeadershipTerm term, CancellationToken cancellationToken)
    {
        await term.PublishAddressAsync(Cluster.Address(settings, term.Component), cancellationToken);
        var options = new JobRegistryOptions { CleanUp = new CleanUpOptions { FirstDelay = TimeSpan.FromMilliseconds(200) } };
        var registry = await services.OpenJobRegistryAsync(term, CountingGraph.Serializer, options, cancellationToken);

        // What the dispatcher before has left half-way: a job that has ended is cleaned up, and never runs again.
        await registry.ResumeCleanUpAsync(cancellationToken);
        var jobs = await registry.Reader.ReadAsync(cancellationToken);
        if (!jobs.Jobs.Contains(Cluster.Job) && !jobs.HasResult(Cluster.Job))
        {
            await registry.PutAsync(Cluster.Job, new CountingGraph(1), cancellationToken);
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, control.JobCancelled);
        await Task.Delay(Timeout.Infinite, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellationToken.IsCancellationRequested)
        {
            // First it is written down that the job has ended, then it is cleaned up: whoever leads next goes on from there.
            await registry.FinishAsync(new JobResult(Cluster.Job, JobStatus.Canceled), cancellationToken);
            await registry.CleanUpAsync(Cluster.Job, cancellationToken);
            Console.WriteLine("cleaned");
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
