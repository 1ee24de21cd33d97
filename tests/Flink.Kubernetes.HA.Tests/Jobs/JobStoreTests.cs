using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.Jobs;

[Collection(SimulatedTime.Name)]
public sealed class JobStoreTests
{
    private static CancellationToken Token => StoreWorld.Token;

    [Fact]
    public async Task A_job_is_put_replaced_recovered_and_removed()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var store = await world.OpenJobsAsync(leader.Term!);

        await world.RunAsync(() => store.PutAsync(StoreWorld.JobId, "one", Token));
        await world.RunAsync(() => store.PutAsync(StoreWorld.JobId, "two", Token));

        Assert.Equal([StoreWorld.JobId], await store.ListAsync(Token));
        Assert.Equal("two", await store.RecoverAsync(StoreWorld.JobId, Token));
        Assert.True(await world.RunAsync(() => store.RemoveAsync(StoreWorld.JobId, Token)));
        Assert.False(await world.RunAsync(() => store.RemoveAsync(StoreWorld.JobId, Token)));
        Assert.Empty(await store.ListAsync(Token));
        await Assert.ThrowsAsync<StateHandleNotFoundException>(() => store.RecoverAsync(StoreWorld.JobId, Token));
        Assert.DoesNotContain(world.Keys, key => key.Contains("jobGraph", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_that_the_store_does_not_know_is_not_replaced_unseen()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        await world.RunAsync(async () => await (await JobGraphStore<string>.OpenAsync(leader.Term!, world.Storage, StoreWorld.Text.Serializer, Token)).PutAsync(StoreWorld.JobId, "one", Token));
        var store = await world.OpenJobsAsync(leader.Term!);

        await Assert.ThrowsAsync<InvalidOperationException>(() => world.RunAsync(() => store.PutAsync(StoreWorld.JobId, "two", Token)));
        Assert.Equal("one", (await store.RecoverAllAsync(Token))[StoreWorld.JobId]);
        await world.RunAsync(() => store.PutAsync(StoreWorld.JobId, "two", Token));

        Assert.Equal("two", await store.RecoverAsync(StoreWorld.JobId, Token));
    }

    [Fact]
    public async Task A_finished_job_never_runs_again_after_a_failover()
    {
        await using var world = new StoreWorld();
        var first = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var store = await world.OpenJobsAsync(first.Term!);
        await world.RunAsync(() => store.PutAsync(StoreWorld.JobId, "one", Token));
        await world.RunAsync(() => store.PutAsync(StoreWorld.OtherJob, "other", Token));
        await world.RunAsync(() => JobResultStore.Open(first.Term!).CreateDirtyAsync(new JobResult(StoreWorld.JobId, JobStatus.Failed, "no luck"), Token));
        first.Crash();
        var second = await world.LeadAsync(LeaderComponent.Dispatcher, "b");

        var recovered = await world.OpenJobsAsync(second.Term!);

        Assert.Equal([StoreWorld.OtherJob], (await recovered.RecoverAllAsync(Token)).Keys);
        Assert.Equal(JobStatus.Failed, (await Assert.ThrowsAsync<JobFinishedException>(() => recovered.RecoverAsync(StoreWorld.JobId, Token))).Status);
        await Assert.ThrowsAsync<JobFinishedException>(() => world.RunAsync(() => recovered.RemoveAndPutAsync(StoreWorld.JobId, Token)));
        var dirty = Assert.Single(await world.ReadResults().ListDirtyAsync(Token));
        Assert.Equal(new JobResult(StoreWorld.JobId, JobStatus.Failed, "no luck"), dirty);
    }

    [Fact]
    public async Task An_old_leader_puts_nothing()
    {
        await using var world = new StoreWorld();
        var first = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var store = await world.OpenJobsAsync(first.Term!);
        first.Client.Partition(silent: true);
        await world.LeadAsync(LeaderComponent.Dispatcher, "b");

        await Assert.ThrowsAsync<LeadershipLostException>(() => world.RunAsync(() => store.PutAsync(StoreWorld.JobId, "one", Token)));
        await Assert.ThrowsAsync<LeadershipLostException>(() => world.RunAsync(() => JobResultStore.Open(first.Term!).CreateDirtyAsync(new JobResult(StoreWorld.JobId, JobStatus.Failed), Token)));

        Assert.DoesNotContain(world.Keys, key => key.Contains("jobGraph", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deleted_ConfigMap_is_not_taken_for_no_jobs()
    {
        await using var world = new StoreWorld();
        var first = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var store = await world.OpenJobsAsync(first.Term!);
        await world.RunAsync(() => store.PutAsync(StoreWorld.JobId, "one", Token));
        var reader = new JobGraphReader<string>(world.Election.Admin, world.Data, ElectionCluster.Namespace, ElectionCluster.ClusterId, StoreWorld.Text.Serializer);
        await first.StopAsync().WaitAsync(Token);
        await world.DeleteAsync(ElectionCluster.Key);

        await Assert.ThrowsAsync<ConfigMapMissingException>(() => reader.ListAsync(Token));
        var second = await world.LeadAsync(LeaderComponent.Dispatcher, "b");
        await Assert.ThrowsAsync<StateLostException>(() => world.OpenJobsAsync(second.Term!));
    }

    [Fact]
    public async Task Pointers_and_results_that_can_not_be_read_are_told_by_name()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var store = await world.OpenJobsAsync(leader.Term!);
        await world.EditAsync(ElectionCluster.Key, "jobResult-" + StoreWorld.JobId, "{");
        await world.EditAsync(ElectionCluster.Key, "jobGraph-" + StoreWorld.OtherJob, "{}");

        Assert.Equal("jobResult-" + StoreWorld.JobId, (await Assert.ThrowsAsync<StateHandleCorruptException>(() => world.ReadResults().ListAsync(Token))).Key);
        Assert.Equal("jobGraph-" + StoreWorld.OtherJob, (await Assert.ThrowsAsync<StateHandleCorruptException>(() => store.ListAsync(Token))).Key);
    }

    [Fact]
    public async Task Results_are_dirty_then_clean_and_of_the_clean_ones_the_newest_are_kept()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var results = JobResultStore.Open(leader.Term!, maximumCleanResults: 2);
        var jobs = Enumerable.Range(1, 4).Select(i => JobId.Parse(i.ToString("x32", System.Globalization.CultureInfo.InvariantCulture))).ToList();
        foreach (var job in jobs)
        {
            await world.RunAsync(() => results.CreateDirtyAsync(new JobResult(job, JobStatus.Finished), Token));
            await world.RunAsync(() => results.CreateDirtyAsync(new JobResult(job, JobStatus.Finished), Token));
        }

        foreach (var job in jobs.Take(3).Reverse())
        {
            await world.RunAsync(() => results.MarkCleanAsync(job, Token));
            await world.RunAsync(() => results.MarkCleanAsync(job, Token));
        }

        Assert.Equal([jobs[3]], (await results.Reader.ListDirtyAsync(Token)).Select(result => result.JobId));
        Assert.Equal([jobs[3], jobs[1], jobs[0]], (await results.Reader.ListAsync(Token)).Select(result => result.JobId));
        await Assert.ThrowsAsync<InvalidOperationException>(() => world.RunAsync(() => results.CreateDirtyAsync(new JobResult(jobs[3], JobStatus.Failed), Token)));
        await Assert.ThrowsAsync<InvalidOperationException>(() => world.RunAsync(() => results.MarkCleanAsync(JobId.NewRandom(), Token)));
    }

    [Fact]
    public async Task A_result_whose_answer_was_lost_is_written_once()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var results = JobResultStore.Open(leader.Term!);
        using var lost = leader.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 });

        await world.RunAsync(() => results.CreateDirtyAsync(new JobResult(StoreWorld.JobId, JobStatus.Canceled), Token));

        Assert.Equal(JobStatus.Canceled, (await results.Reader.TryGetAsync(StoreWorld.JobId, Token))!.Status);
    }

    [Theory]
    [InlineData(JobStatus.Suspended)]
    [InlineData(JobStatus.Running)]
    [InlineData(JobStatus.Failing)]
    public void A_job_that_goes_on_has_no_result(JobStatus status) => Assert.Throws<ArgumentException>(() => new JobResult(StoreWorld.JobId, status));

    [Fact]
    public async Task Jobs_are_pending_running_and_done()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var store = await world.OpenJobsAsync(leader.Term!);
        var view = new RunningJobs(world.Election.Admin, ElectionCluster.Namespace, ElectionCluster.ClusterId);
        Assert.Null(await view.TryGetAsync(StoreWorld.JobId, Token));

        await world.RunAsync(() => store.PutAsync(StoreWorld.JobId, "one", Token));
        await world.RunAsync(() => store.PutAsync(StoreWorld.OtherJob, "other", Token));
        Assert.Equal(JobSchedulingStatus.Pending, await view.TryGetAsync(StoreWorld.JobId, Token));
        await world.LeadAsync(StoreWorld.JobManager, "job");
        await world.RunAsync(() => JobResultStore.Open(leader.Term!).CreateDirtyAsync(new JobResult(StoreWorld.OtherJob, JobStatus.Finished), Token));

        Assert.Equal(
            new Dictionary<JobId, JobSchedulingStatus> { [StoreWorld.JobId] = JobSchedulingStatus.Running, [StoreWorld.OtherJob] = JobSchedulingStatus.Done },
            await view.ListAsync(Token));
        Assert.Equal(JobSchedulingStatus.Done, await view.TryGetAsync(StoreWorld.OtherJob, Token));
    }

    [Fact]
    public async Task Stores_are_opened_from_the_term_that_they_belong_to()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(StoreWorld.JobManager, "a");

        await Assert.ThrowsAsync<ArgumentException>(() => world.OpenJobsAsync(leader.Term!));
        Assert.Throws<ArgumentException>(() => JobResultStore.Open(leader.Term!));
    }
}

internal static class JobGraphStoreSteps
{
    public static async Task RemoveAndPutAsync(this JobGraphStore<string> store, JobId jobId, CancellationToken cancellationToken)
    {
        await store.RemoveAsync(jobId, cancellationToken);
        await store.PutAsync(jobId, "again", cancellationToken);
    }
}
