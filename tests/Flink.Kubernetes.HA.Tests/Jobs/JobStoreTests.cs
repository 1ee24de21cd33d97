using Flink.Kubernetes.HA.Jobs;

namespace Flink.Kubernetes.HA.Tests.Jobs;

public sealed class JobStoreTests() : WorldTest(() => HaWorld.LedAsync(LeaderComponent.Dispatcher))
{
    [Fact]
    public async Task A_job_is_put_replaced_recovered_and_removed()
    {
        var store = await World.OpenJobsAsync();

        await World.RunAsync(() => store.PutAsync(HaWorld.JobId, "one", Token));
        await World.RunAsync(() => store.PutAsync(HaWorld.JobId, "two", Token));

        (await store.ListAsync(Token)).Should().Equal(HaWorld.JobId);
        (await store.RecoverAsync(HaWorld.JobId, Token)).Should().Be("two");
        (await World.RunAsync(() => store.RemoveAsync(HaWorld.JobId, Token))).Should().BeTrue();
        (await World.RunAsync(() => store.RemoveAsync(HaWorld.JobId, Token))).Should().BeFalse();
        (await store.ListAsync(Token)).Should().BeEmpty();
        await World.FailAsync(StateHandleFailure.NotFound, () => store.RecoverAsync(HaWorld.JobId, Token));
        World.DataKeys.Should().NotContain(key => key.Contains("jobGraph", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_that_the_store_does_not_know_is_not_replaced_unseen()
    {
        var earlier = await World.OpenJobsAsync();
        await World.RunAsync(() => earlier.PutAsync(HaWorld.JobId, "one", Token));
        var store = await World.OpenJobsAsync();

        await World.FailAsync<InvalidOperationException>(() => store.PutAsync(HaWorld.JobId, "two", Token));
        (await store.RecoverAllAsync(Token))[HaWorld.JobId].Should().Be("one");
        await World.RunAsync(() => store.PutAsync(HaWorld.JobId, "two", Token));

        (await store.RecoverAsync(HaWorld.JobId, Token)).Should().Be("two");
    }

    [Fact]
    public async Task A_finished_job_never_runs_again_after_a_failover()
    {
        var store = await World.OpenJobsAsync();
        await World.RunAsync(() => store.PutAsync(HaWorld.JobId, "one", Token));
        await World.RunAsync(() => store.PutAsync(HaWorld.OtherJob, "other", Token));
        await World.EndJobAsync(HaWorld.JobId, JobStatus.Failed, "no luck");
        World.Leader.Crash();
        var second = await World.LeadAsync(LeaderComponent.Dispatcher, "b");

        var recovered = await World.OpenJobsAsync(second);

        (await recovered.RecoverAllAsync(Token)).Keys.Should().Equal(HaWorld.OtherJob);
        (await World.FailAsync<JobFinishedException>(() => recovered.RecoverAsync(HaWorld.JobId, Token))).Status.Should().Be(JobStatus.Failed);
        await World.RunAsync(() => recovered.RemoveAsync(HaWorld.JobId, Token));
        await World.FailAsync<JobFinishedException>(() => recovered.PutAsync(HaWorld.JobId, "again", Token));
        var dirty = (await World.ReadResults().ListDirtyAsync(Token)).Should().ContainSingle().Which;
        dirty.Should().Be(new JobResult(HaWorld.JobId, JobStatus.Failed, "no luck"));
    }

    [Fact]
    public async Task An_old_leader_puts_nothing()
    {
        var store = await World.OpenJobsAsync();
        World.Network.Partition(silent: true);
        await World.LeadAsync(LeaderComponent.Dispatcher, "b");

        await World.FailAsync<LeadershipLostException>(() => store.PutAsync(HaWorld.JobId, "one", Token));
        await World.FailAsync<LeadershipLostException>(() => World.EndJobAsync(HaWorld.JobId, JobStatus.Failed));

        World.DataKeys.Should().NotContain(key => key.Contains("jobGraph", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deleted_ConfigMap_is_not_taken_for_no_jobs()
    {
        var store = await World.OpenJobsAsync();
        await World.RunAsync(() => store.PutAsync(HaWorld.JobId, "one", Token));
        var reader = World.ReadJobs();
        await World.Leader.StopAsync().WaitAsync(Token);
        await World.DeleteAsync(HaWorld.Key);

        await World.FailAsync<ConfigMapMissingException>(() => reader.ListAsync(Token));
        var second = await World.LeadAsync(LeaderComponent.Dispatcher, "b");
        await World.FailAsync<StateLostException>(() => World.OpenJobsAsync(second));
    }

    [Fact]
    public async Task Pointers_and_results_that_cannot_be_read_are_reported_by_name()
    {
        var store = await World.OpenJobsAsync();
        await World.EditDataAsync("jobResult-" + HaWorld.JobId, "{");
        await World.EditDataAsync("jobGraph-" + HaWorld.OtherJob, "{}");

        (await World.FailAsync(StateHandleFailure.Corrupt, () => World.ReadResults().ListAsync(Token))).Key.Should().Be("jobResult-" + HaWorld.JobId);
        (await World.FailAsync(StateHandleFailure.Corrupt, () => store.ListAsync(Token))).Key.Should().Be("jobGraph-" + HaWorld.OtherJob);
    }

    [Fact]
    public async Task Results_are_dirty_then_clean_and_of_the_clean_ones_the_newest_are_kept()
    {
        var results = JobResultStore.Open(World.Leader.Term!, maximumCleanResults: 2);
        var jobs = Enumerable.Range(1, 4).Select(i => JobId.Parse(i.ToString("x32", CultureInfo.InvariantCulture))).ToList();
        foreach (var job in jobs)
        {
            await World.RunAsync(() => results.CreateDirtyAsync(new JobResult(job, JobStatus.Finished), Token));
            await World.RunAsync(() => results.CreateDirtyAsync(new JobResult(job, JobStatus.Finished), Token));
        }

        foreach (var job in jobs.Take(3).Reverse())
        {
            await World.RunAsync(() => results.MarkCleanAsync(job, Token));
            await World.RunAsync(() => results.MarkCleanAsync(job, Token));
        }

        (await results.Reader.ListDirtyAsync(Token)).Select(result => result.JobId).Should().Equal(jobs[3]);
        (await results.Reader.ListAsync(Token)).Select(result => result.JobId).Should().Equal(jobs[3], jobs[1], jobs[0]);
        await World.FailAsync<InvalidOperationException>(() => results.CreateDirtyAsync(new JobResult(jobs[3], JobStatus.Failed), Token));
        await World.FailAsync<InvalidOperationException>(() => results.MarkCleanAsync(JobId.NewRandom(), Token));
    }

    [Fact]
    public async Task A_result_whose_answer_was_lost_is_written_once()
    {
        var results = JobResultStore.Open(World.Leader.Term!);
        using var lost = World.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 });

        await World.RunAsync(() => results.CreateDirtyAsync(new JobResult(HaWorld.JobId, JobStatus.Canceled), Token));

        (await results.Reader.TryGetAsync(HaWorld.JobId, Token))!.Status.Should().Be(JobStatus.Canceled);
    }

    [Theory]
    [InlineData(JobStatus.Suspended)]
    [InlineData(JobStatus.Running)]
    [InlineData(JobStatus.Failing)]
    public void A_job_that_goes_on_has_no_result(JobStatus status) =>
        Invoking(() => new JobResult(HaWorld.JobId, status)).Should().ThrowExactly<ArgumentException>();

    [Fact]
    public async Task Jobs_are_pending_running_and_done()
    {
        var store = await World.OpenJobsAsync();
        var view = new RunningJobs(World.Requests, HaWorld.Namespace, HaWorld.ClusterId);
        (await view.TryGetAsync(HaWorld.JobId, Token)).Should().BeNull();

        await World.RunAsync(() => store.PutAsync(HaWorld.JobId, "one", Token));
        await World.RunAsync(() => store.PutAsync(HaWorld.OtherJob, "other", Token));
        (await view.TryGetAsync(HaWorld.JobId, Token)).Should().Be(JobSchedulingStatus.Pending);
        await World.LeadAsync(HaWorld.JobManager, "job");
        await World.EndJobAsync(HaWorld.OtherJob, JobStatus.Finished);

        (await view.ListAsync(Token)).Should().Equal(
            new Dictionary<JobId, JobSchedulingStatus> { [HaWorld.JobId] = JobSchedulingStatus.Running, [HaWorld.OtherJob] = JobSchedulingStatus.Done });
        (await view.TryGetAsync(HaWorld.OtherJob, Token)).Should().Be(JobSchedulingStatus.Done);
    }

    [Fact]
    public async Task Stores_are_opened_from_the_term_that_they_belong_to()
    {
        var leader = await World.LeadAsync(HaWorld.JobManager, "job");

        await World.FailAsync<ArgumentException>(() => World.OpenJobsAsync(leader));
        Invoking(() => JobResultStore.Open(leader.Term!)).Should().ThrowExactly<ArgumentException>();
    }
}
