using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.Jobs;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

[Collection(SimulatedTime.Name)]
public sealed class ClusterCleanUpTests
{
    private static CancellationToken Token => StoreWorld.Token;

    [Fact]
    public async Task Everything_of_a_cluster_that_has_ended_goes()
    {
        await using var job = await EndedJob.StartAsync(hasOther: false);
        await job.World.LeadAsync(LeaderComponent.RestEndpoint, "rest");
        var before = (await job.World.FindAsync(StoreWorld.KeyOf(LeaderComponent.RestEndpoint)))!.Metadata.Uid;
        var foreign = new ConfigMap { Metadata = new ObjectMeta { Name = "orders-settings", Namespace = ElectionCluster.Namespace } };
        await job.World.Election.Admin.CreateAsync(KubeResources.ConfigMaps, foreign, Token);

        Assert.True(await job.World.RunAsync(() => ClusterCleanUp.Open(job.Dispatcher.Term!, job.World.Storage).RunAsync(JobStatus.Finished, Token)));

        await AssertAllIsGoneAsync(job, "clean-up");
        Assert.NotEqual(before, (await job.World.FindAsync(StoreWorld.KeyOf(LeaderComponent.RestEndpoint)))?.Metadata.Uid);
        Assert.NotNull(await job.World.FindAsync(foreign.Key));
    }

    [Theory]
    [InlineData(JobStatus.Suspended)]
    [InlineData(JobStatus.Running)]
    public async Task A_cluster_that_has_not_ended_keeps_everything(JobStatus status)
    {
        await using var job = await EndedJob.StartAsync(withResult: false);
        var cleanUp = ClusterCleanUp.Open(job.Dispatcher.Term!, job.World.Storage);

        Assert.False(await job.World.RunAsync(() => cleanUp.RunAsync(status, Token)));
        Assert.False(await job.World.RunAsync(() => cleanUp.ResumeAsync(Token)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => job.World.RunAsync(() => cleanUp.RunAsync(JobStatus.Finished, Token)));

        await job.AssertAllIsKeptAsync();
    }

    [Fact]
    public async Task Wherever_the_leader_crashes_the_next_resumes()
    {
        int calls;
        await using (var job = await EndedJob.StartAsync(hasOther: false))
        {
            var before = job.Dispatcher.Client.CountCalls();
            await job.World.RunAsync(() => ClusterCleanUp.Open(job.Dispatcher.Term!, job.World.Storage).RunAsync(JobStatus.Finished, Token));
            calls = job.Dispatcher.Client.CountCalls() - before;
        }

        Assert.InRange(calls, 10, 60);
        for (var at = 0; at < calls; at++)
        {
            await using var job = await EndedJob.StartAsync(hasOther: false);
            using var effect = job.Dispatcher.Client.Inject(FaultRule.LoseResponse() with { After = at, Times = 1 });
            using var crash = job.Dispatcher.Client.Inject(FaultRule.Fail() with { After = at + 1 });
            try
            {
                await job.World.RunAsync(() => ClusterCleanUp.Open(job.Dispatcher.Term!, job.World.Storage).RunAsync(JobStatus.Finished, Token));
            }
            catch (Exception exception) when (exception is CleanUpFailedException or LeadershipLostException or KubeClientException or Flink.Kubernetes.HA.StateHandles.StateHandleException)
            {
                await job.AssertNoPointerDanglesAsync();
            }

            var next = await job.FailOverAsync();
            if (!await job.World.RunAsync(() => ClusterCleanUp.Open(next, job.World.Data).ResumeAsync(Token)) && job.World.Keys.Any())
            {
                // Nothing had been written of it when the leader crashed.
                await job.AssertAllIsKeptAsync();
                continue;
            }

            await AssertAllIsGoneAsync(job, $"crash after API call {at}");
        }
    }

    private static async Task AssertAllIsGoneAsync(EndedJob job, string what)
    {
        Assert.True(!job.World.Keys.Any(), $"{what}: {string.Join(", ", job.World.Keys)} are there yet.");
        Assert.Null(await job.World.FindAsync(StoreWorld.JobKey));

        // Replicas that contend yet create theirs anew, with nothing in it but the lock.
        var dispatcher = await job.World.FindAsync(ElectionCluster.Key);
        Assert.DoesNotContain(dispatcher?.Data?.Keys ?? [], key => key is not ("sessionId" or "fencingToken" or "address"));
    }
}
