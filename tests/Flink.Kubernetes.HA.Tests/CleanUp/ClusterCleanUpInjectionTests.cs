using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Tests.Jobs;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

/// <summary>A clean-up of a cluster with every fault at every one of its calls: in the end nothing of it is left, and nothing foreign was touched.</summary>
[Collection(SimulatedTime.Name)]
public sealed class ClusterCleanUpInjectionTests
{
    private static CancellationToken Token => StoreWorld.Token;

    public static TheoryData<string> Faults => [.. CleanUpFaults.All];

    [Theory]
    [MemberData(nameof(Faults))]
    public Task Whatever_call_to_the_API_goes_wrong_nothing_of_the_cluster_is_left(string how) => ForEachCallAsync(
        how,
        job => job.Dispatcher.Client.CountCalls(),
        (job, at) => [.. CleanUpFaults.Api(how, at).Select(job.Dispatcher.Client.Inject)],
        "API");

    [Theory]
    [MemberData(nameof(Faults))]
    public Task Whatever_call_to_the_storage_goes_wrong_nothing_of_the_cluster_is_left(string how) => ForEachCallAsync(
        how,
        job => job.World.Storage.CountCalls(),
        (job, at) => [.. CleanUpFaults.Storage(how, at).Select(job.World.Storage.Inject)],
        "storage");

    private static async Task ForEachCallAsync(string how, Func<EndedJob, int> count, Func<EndedJob, int, List<IDisposable>> inject, string where)
    {
        int calls;
        await using (var job = await EndedJob.StartAsync(hasOther: false))
        {
            var before = count(job);
            await job.World.RunAsync(() => ClusterCleanUp.Open(job.Dispatcher.Term!, job.World.Storage).RunAsync(JobStatus.Finished, Token));
            calls = count(job) - before;
        }

        Assert.InRange(calls, 5, 60);
        for (var at = 0; at < calls; at++)
        {
            await using var job = await EndedJob.StartAsync(hasOther: false);
            var foreign = await ForeignThings.CreateAsync(job.World);
            var what = $"{how} at {where} call {at}";
            var faults = inject(job, at);
            var term = job.Dispatcher.Term!;
            if (!await CleanUpFaults.TryAsync(job, how, token => ClusterCleanUp.Open(term, job.World.Storage).RunAsync(JobStatus.Finished, token)))
            {
                await job.AssertNoPointerDanglesAsync();
                await ResumeAsync(job);
            }

            await CleanUpFaults.LetArriveAsync(job);
            faults.ForEach(fault => fault.Dispose());
            await AssertNothingIsLeftAsync(job, what);
            await foreign.AssertAllIsThereAsync(job.World, what);
        }
    }

    private static async Task ResumeAsync(EndedJob job)
    {
        var next = await job.FailOverAsync();
        var cleanUp = ClusterCleanUp.Open(next, job.World.Data);
        if (!await job.World.RunAsync(() => cleanUp.ResumeAsync(Token)) && job.World.Keys.Except(ForeignThings.Keys).Any())
        {
            // Nothing had been written of it, so nothing may have been removed: whoever ended the cluster asks again.
            await job.AssertAllIsKeptAsync();
            Assert.True(await job.World.RunAsync(() => cleanUp.RunAsync(JobStatus.Finished, Token)));
        }
    }

    private static async Task AssertNothingIsLeftAsync(EndedJob job, string what)
    {
        var left = job.World.Keys.Except(ForeignThings.Keys).ToList();
        Assert.True(left.Count == 0, $"{what}: {string.Join(", ", left)} are there yet.");
        Assert.True(await job.World.FindAsync(StoreWorld.JobKey) is null, $"{what}: the job's ConfigMap is there yet.");

        // The replica contends yet and creates its own anew, with nothing in it but the lock.
        var entries = (await job.World.FindAsync(ElectionCluster.Key))?.Data?.Keys.Except(["sessionId", "fencingToken", "address"]).ToList() ?? [];
        Assert.True(entries.Count == 0, $"{what}: {string.Join(", ", entries)} stand there yet.");
    }
}
