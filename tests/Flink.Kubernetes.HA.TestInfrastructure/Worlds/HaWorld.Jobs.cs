using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.Maintenance;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flink.Kubernetes.HA.TestInfrastructure.Worlds;

/// <content>Jobs and what is kept of them.</content>
internal sealed partial class HaWorld
{
    public static JobId JobId { get; } = JobId.Parse("00000000000000000000000000000001");

    public static JobId OtherJob { get; } = JobId.Parse("00000000000000000000000000000002");

    public static LeaderComponent JobManager { get; } = LeaderComponent.JobManager(JobId);

    public static ObjectKey JobKey { get; } = KeyOf(JobManager);

    /// <summary>The replica that leads the job of a world <see cref="WithJobAsync"/>.</summary>
    public Replica JobLeader { get; private set; } = null!;

    /// <summary>Begins with a job that has everything that a job can have, and is over or not, beside another that goes on.</summary>
    public static async Task<HaWorld> WithJobAsync(bool isOver = true, bool hasOther = true, bool hasResult = true)
    {
        var world = await LedAsync(LeaderComponent.Dispatcher);
        var graphs = await world.OpenJobsAsync();
        var blobs = BlobStore.Open(world.Leader.Term!, world.Storage);
        foreach (var id in hasOther ? (JobId[])[JobId, OtherJob] : [JobId])
        {
            await world.RunAsync(() => graphs.PutAsync(id, "graph", Token));
            await world.RunAsync(() => blobs.PutAsync(id, Stream("program"), Token));
        }

        world.JobLeader = await world.LeadAsync(JobManager, "job");
        var checkpoints = await world.OpenCheckpointsAsync(world.JobLeader, retained: 2);
        await world.RunAsync(() => checkpoints.AddAsync("one", Token));
        await world.RunAsync(() => checkpoints.AddAsync("two", Token));
        if (isOver)
        {
            await world.RunAsync(world.JobLeader.StopAsync);
        }

        if (hasResult)
        {
            await world.EndJobAsync(JobId, JobStatus.Finished);
        }

        return world;
    }

    public Task<CompletedCheckpointStore<string>> OpenCheckpointsAsync(
        Replica? leader = null, int retained = 1, IStateSerializer<string>? serializer = null)
    {
        var options = new CompletedCheckpointStoreOptions { MaximumRetained = retained };
        return RunAsync(() => CompletedCheckpointStore<string>.OpenAsync(
            (leader ?? Leader).Term!, Storage, serializer ?? TextSerializer.Instance, options, Token));
    }

    public Task<JobRegistry<string>> OpenJobsAsync(Replica? leader = null, JobRegistryOptions? options = null) =>
        RunAsync(() => JobRegistry<string>.OpenAsync((leader ?? Leader).Term!, Storage, TextSerializer.Instance, options, Token));

    public CompletedCheckpointReader<string> ReadCheckpoints() => new(ReaderOf(JobManager), Data, TextSerializer.Instance);

    public JobRegistryReader<string> Jobs => field ??= new(Requests, Namespace, ClusterId, Data, TextSerializer.Instance);

    public Task<JobRegistrySnapshot> ReadJobsAsync() => Jobs.ReadAsync(Token);

    /// <summary>Writes the result of a job, as the leader of the Dispatcher.</summary>
    public async Task EndJobAsync(JobId jobId, JobStatus status, string? message = null)
    {
        var jobs = await OpenJobsAsync();
        await RunAsync(() => jobs.FinishAsync(new JobResult(jobId, status, message), Token));
    }

    public async Task CleanUpJobAsync()
    {
        var jobs = await OpenJobsAsync();
        await RunAsync(() => jobs.CleanUpAsync(JobId, Token));
    }

    /// <summary>Creates a sweep, without faults unless a client or a storage with faults is given.</summary>
    public Sweep CreateSweep(TimeSpan? grace = null, k8s.IKubernetes? client = null, IStateStorage? storage = null) => new(
        client is null ? Requests : new ConfigMapRequests(client, TimeSpan.FromSeconds(10), maxRetries: 0, Time, NullLogger.Instance, _metrics),
        storage ?? Data,
        Namespace,
        ClusterId,
        grace is null ? null : new SweepOptions { GracePeriod = grace.Value },
        Time);

    /// <summary>The next leader of the Dispatcher.</summary>
    public async Task<LeadershipTerm> FailOverAsync()
    {
        Leader.Crash();
        return (await LeadAsync(LeaderComponent.Dispatcher, "b")).Term!;
    }

    public async Task AssertNoPointerDanglesAsync() => (await CreateSweep().FindAsync(Token)).MissingData.Should().BeEmpty();

    public async Task AssertJobIsKeptAsync()
    {
        await AssertNoPointerDanglesAsync();
        (await ReadCheckpoints().ListAsync(Token)).Select(checkpoint => checkpoint.Value).Should().Equal("one", "two");
        (await ReadAsync()).Data.Keys.Should().Contain(key => key == "jobGraph-" + JobId || key == "jobResult-" + JobId);
        DataKeys.Should().Contain(key => key.StartsWith($"default/orders/blobs/{JobId}/", StringComparison.Ordinal));
    }

    public async Task AssertOnlyTheOtherJobIsLeftAsync(string because)
    {
        (await FindAsync(JobKey)).Should().BeNull("the clean-up deletes the ConfigMap of the job ({0})", because);
        OwnDataKeys.Should().NotContain(key => key.Contains($"{JobId}", StringComparison.Ordinal), "the clean-up deletes the data of the job ({0})", because);
        var jobs = await ReadJobsAsync();
        jobs.DirtyResults.Should().BeEmpty("the result is marked clean ({0})", because);
        jobs.HasResult(JobId).Should().BeTrue("the result stays ({0})", because);
        (await Jobs.GetAsync(OtherJob, Token)).Should().Be("graph");
        DataKeys.Should().ContainSingle(key => key.StartsWith($"default/orders/blobs/{OtherJob}/", StringComparison.Ordinal));
        await AssertNoPointerDanglesAsync();
    }

    /// <summary>Nothing of the cluster is left but a ConfigMap with the lock of the Dispatcher, which replicas that still contend create again.</summary>
    public async Task AssertNothingIsLeftAsync(string because)
    {
        OwnDataKeys.Should().BeEmpty("the clean-up deletes all data ({0})", because);
        (await FindAsync(JobKey)).Should().BeNull("the clean-up deletes the ConfigMap of the job ({0})", because);
        (await FindAsync(Key))?.Data.Keys.Should().BeSubsetOf(["sessionId", "fencingToken", "address"], "the clean-up removes every entry ({0})", because);
    }
}
