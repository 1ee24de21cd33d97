using System.Text;
using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Tests.Jobs;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

/// <summary>A job that has ended, with everything that a job can have, beside another that goes on.</summary>
internal sealed class EndedJob : IAsyncDisposable
{
    private EndedJob()
    {
    }

    public static CancellationToken Token => StoreWorld.Token;

    public StoreWorld World { get; } = new();

    public Replica Dispatcher { get; private set; } = null!;

    public Replica JobManager { get; private set; } = null!;

    public static async Task<EndedJob> StartAsync(bool isOver = true, bool hasOther = true, bool withResult = true)
    {
        var job = new EndedJob();
        job.Dispatcher = await job.World.LeadAsync(LeaderComponent.Dispatcher, "a");
        var graphs = await job.World.OpenJobsAsync(job.Dispatcher.Term!);
        var blobs = BlobStore.Open(job.Dispatcher.Term!, job.World.Storage);
        foreach (var id in hasOther ? (JobId[])[StoreWorld.JobId, StoreWorld.OtherJob] : [StoreWorld.JobId])
        {
            await job.World.RunAsync(() => graphs.PutAsync(id, "graph", Token));
            await job.World.RunAsync(() => blobs.PutAsync(id, new MemoryStream(Encoding.UTF8.GetBytes("program")), Token));
        }

        job.JobManager = await job.World.LeadAsync(StoreWorld.JobManager, "job");
        var checkpoints = await job.World.OpenCheckpointsAsync(job.JobManager.Term!, retained: 2);
        await job.World.RunAsync(() => checkpoints.AddAsync("one", Token));
        await job.World.RunAsync(() => checkpoints.AddAsync("two", Token));
        if (isOver)
        {
            await job.World.RunAsync(() => job.JobManager.StopAsync());
        }

        if (withResult)
        {
            await job.World.RunAsync(() => JobResultStore.Open(job.Dispatcher.Term!).CreateDirtyAsync(new JobResult(StoreWorld.JobId, JobStatus.Finished), Token));
        }

        return job;
    }

    public Task RunAsync() => World.RunAsync(() => JobCleanUp.Open(Dispatcher.Term!, World.Storage).RunAsync(StoreWorld.JobId, Token));

    /// <summary>The next leader of the Dispatcher, whose way to the storage is free.</summary>
    public async Task<LeadershipTerm> FailOverAsync()
    {
        Dispatcher.Crash();
        return (await World.LeadAsync(LeaderComponent.Dispatcher, "b")).Term!;
    }

    public async Task AssertNoPointerDanglesAsync() => Assert.Empty((await World.CreateSweep().FindAsync(Token)).MissingData);

    public async Task AssertAllIsKeptAsync()
    {
        await AssertNoPointerDanglesAsync();
        Assert.Equal(["one", "two"], (await World.ReadCheckpoints().ListAsync(Token)).Select(checkpoint => checkpoint.Value));
        Assert.Contains("jobGraph-" + StoreWorld.JobId, (await World.FindAsync(ElectionCluster.Key))!.Data!.Keys);
        Assert.Contains(World.Keys, key => key.StartsWith($"default/orders/blobs/{StoreWorld.JobId}/", StringComparison.Ordinal));
    }

    public async Task AssertOnlyTheOtherIsLeftAsync(string what)
    {
        Assert.True(await World.FindAsync(StoreWorld.JobKey) is null, $"{what}: the job's ConfigMap is there yet.");
        var left = World.Keys.Except(ForeignThings.Keys).Where(key => key.Contains(StoreWorld.JobId.ToString(), StringComparison.Ordinal)).ToList();
        Assert.True(left.Count == 0, $"{what}: {string.Join(", ", left)} are there yet.");
        Assert.Empty(await World.ReadResults().ListDirtyAsync(Token));
        Assert.True(await World.ReadResults().HasAsync(StoreWorld.JobId, Token), $"{what}: the result is gone.");
        var other = new JobGraphReader<string>(World.Election.Admin, World.Data, ElectionCluster.Namespace, ElectionCluster.ClusterId, StoreWorld.Text.Serializer);
        Assert.Equal("graph", await other.GetAsync(StoreWorld.OtherJob, Token));
        Assert.Single(World.Keys, key => key.StartsWith($"default/orders/blobs/{StoreWorld.OtherJob}/", StringComparison.Ordinal));
        await AssertNoPointerDanglesAsync();
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();
}
