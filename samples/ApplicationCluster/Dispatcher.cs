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
        var cleanUp = services.OpenJobCleanUp(term, new CleanUpOptions { FirstDelay = TimeSpan.FromMilliseconds(200) });

        // What the dispatcher before has left half-way: a job that has ended is cleaned up, and never runs again.
        await cleanUp.ResumeAsync(cancellationToken);
        var results = services.OpenJobResultStore(term);
        if (!await services.ReadJobResults().HasAsync(Cluster.Job, cancellationToken))
        {
            var graphs = await services.OpenJobGraphStoreAsync(term, CountingGraph.Serializer, cancellationToken);
            if (!(await graphs.ListAsync(cancellationToken)).Contains(Cluster.Job))
            {
                await graphs.PutAsync(Cluster.Job, new CountingGraph(1), cancellationToken);
            }
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, control.JobCancelled);
        await Task.Delay(Timeout.Infinite, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellationToken.IsCancellationRequested)
        {
            // First it is written down that the job has ended, then it is cleaned up: whoever leads next goes on from there.
            await results.CreateDirtyAsync(new JobResult(Cluster.Job, JobStatus.Canceled), cancellationToken);
            await cleanUp.RunAsync(Cluster.Job, cancellationToken);
            Console.WriteLine("cleaned");
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
