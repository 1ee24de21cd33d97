using Flink.Kubernetes.HA.Jobs;

namespace Flink.Kubernetes.HA.Tests.Jobs;

public sealed class JobRegistryTests() : WorldTest(() => HaWorld.LedAsync(LeaderComponent.Dispatcher))
{
    [Fact]
    public async Task A_job_is_put_replaced_recovered_and_removed()
    {
        var jobs = await World.OpenJobsAsync();

        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "one", Token));
        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "two", Token));

        (await World.ReadJobsAsync()).Jobs.Should().Equal(HaWorld.JobId);
        (await jobs.RecoverAsync(HaWorld.JobId, Token)).Should().Be("two");
        (await World.RunAsync(() => jobs.RemoveAsync(HaWorld.JobId, Token))).Should().BeTrue();
        (await World.RunAsync(() => jobs.RemoveAsync(HaWorld.JobId, Token))).Should().BeFalse();
        (await World.ReadJobsAsync()).Jobs.Should().BeEmpty();
        await World.FailAsync(StateHandleFailure.NotFound, () => jobs.RecoverAsync(HaWorld.JobId, Token));
        World.DataKeys.Should().NotContain(key => key.Contains("jobGraph", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_job_that_the_registry_does_not_know_is_not_replaced_unseen()
    {
        var earlier = await World.OpenJobsAsync();
        await World.RunAsync(() => earlier.PutAsync(HaWorld.JobId, "one", Token));
        var jobs = await World.OpenJobsAsync();

        await World.FailAsync<InvalidOperationException>(() => jobs.PutAsync(HaWorld.JobId, "two", Token));
        (await jobs.RecoverAllAsync(Token))[HaWorld.JobId].Should().Be("one");
        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "two", Token));

        (await jobs.RecoverAsync(HaWorld.JobId, Token)).Should().Be("two");
    }

    [Fact]
    public async Task A_finished_job_never_runs_again_after_a_failover()
    {
        var jobs = await World.OpenJobsAsync();
        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "one", Token));
        await World.RunAsync(() => jobs.PutAsync(HaWorld.OtherJob, "other", Token));
        await World.EndJobAsync(HaWorld.JobId, JobStatus.Failed, "no luck");
        World.Leader.Crash();
        var second = await World.LeadAsync(LeaderComponent.Dispatcher, "b");

        var recovered = await World.OpenJobsAsync(second);

        (await recovered.RecoverAllAsync(Token)).Keys.Should().Equal(HaWorld.OtherJob);
        (await World.FailAsync<JobFinishedException>(() => recovered.RecoverAsync(HaWorld.JobId, Token))).Status.Should().Be(JobStatus.Failed);
        await World.RunAsync(() => recovered.RemoveAsync(HaWorld.JobId, Token));
        await World.FailAsync<JobFinishedException>(() => recovered.PutAsync(HaWorld.JobId, "again", Token));
        var dirty = (await World.ReadJobsAsync()).DirtyResults.Should().ContainSingle().Which;
        dirty.Should().Be(new JobResult(HaWorld.JobId, JobStatus.Failed, "no luck"));
    }

    [Fact]
    public async Task An_old_leader_puts_nothing()
    {
        var jobs = await World.OpenJobsAsync();
        World.Network.Partition(silent: true);
        await World.LeadAsync(LeaderComponent.Dispatcher, "b");

        await World.FailAsync<LeadershipLostException>(() => jobs.PutAsync(HaWorld.JobId, "one", Token));
        await World.FailAsync<LeadershipLostException>(() => World.EndJobAsync(HaWorld.JobId, JobStatus.Failed));

        World.DataKeys.Should().NotContain(key => key.Contains("jobGraph", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deleted_ConfigMap_is_not_taken_for_no_jobs()
    {
        var jobs = await World.OpenJobsAsync();
        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "one", Token));
        await World.Leader.StopAsync().WaitAsync(Token);
        await World.DeleteAsync(HaWorld.Key);

        await World.FailAsync<ConfigMapMissingException>(World.ReadJobsAsync);
        var second = await World.LeadAsync(LeaderComponent.Dispatcher, "b");
        await World.FailAsync<StateLostException>(() => World.OpenJobsAsync(second));
    }

    [Fact]
    public async Task One_entry_that_cannot_be_read_is_named_and_stops_no_other_job()
    {
        var third = JobId.Parse("00000000000000000000000000000003");
        var jobs = await World.OpenJobsAsync();
        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "one", Token));
        await World.RunAsync(() => jobs.PutAsync(third, "three", Token));
        await World.EditDataAsync("jobResult-" + third, "{");
        await World.EditDataAsync("jobGraph-" + HaWorld.OtherJob, "{}");

        var snapshot = await World.ReadJobsAsync();

        snapshot.Unreadable.Select(failure => failure.Key).Should().Equal("jobGraph-" + HaWorld.OtherJob, "jobResult-" + third);
        snapshot.Jobs.Should().Equal([HaWorld.JobId], "a job whose result cannot be read does not run again");
        (await jobs.RecoverAsync(HaWorld.JobId, Token)).Should().Be("one");
        await World.FailAsync<JobFinishedException>(() => jobs.RecoverAsync(third, Token));
        (await World.FailAsync(StateHandleFailure.Corrupt, () => jobs.RecoverAllAsync(Token))).Key.Should().Be("jobGraph-" + HaWorld.OtherJob);
        await World.RunAsync(() => jobs.FinishAsync(new JobResult(HaWorld.JobId, JobStatus.Failed), Token));
        await World.RunAsync(() => jobs.CleanUpAsync(HaWorld.JobId, Token));
        (await World.RunAsync(() => jobs.RemoveAsync(HaWorld.OtherJob, Token))).Should().BeTrue();
        (await World.ReadJobsAsync()).Unreadable.Should().ContainSingle();
    }

    [Fact]
    public async Task Results_are_dirty_then_clean_and_of_the_clean_ones_the_newest_are_kept()
    {
        var jobs = await World.OpenJobsAsync(options: new JobRegistryOptions { MaximumCleanResults = 2 });
        var ids = Enumerable.Range(1, 4).Select(i => JobId.Parse(i.ToString("x32", CultureInfo.InvariantCulture))).ToList();
        foreach (var id in ids)
        {
            await World.RunAsync(() => jobs.FinishAsync(new JobResult(id, JobStatus.Finished), Token));
            await World.RunAsync(() => jobs.FinishAsync(new JobResult(id, JobStatus.Finished), Token));
        }

        foreach (var id in ids.Take(3).Reverse())
        {
            await World.RunAsync(() => jobs.CleanUpAsync(id, Token));
            await World.RunAsync(() => jobs.CleanUpAsync(id, Token));
        }

        var snapshot = await World.ReadJobsAsync();
        snapshot.DirtyResults.Select(result => result.JobId).Should().Equal(ids[3]);
        snapshot.Results.Select(result => result.JobId).Should().Equal(ids[3], ids[1], ids[0]);
        await World.FailAsync<InvalidOperationException>(() => jobs.FinishAsync(new JobResult(ids[3], JobStatus.Failed), Token));
        await World.FailAsync<InvalidOperationException>(() => jobs.CleanUpAsync(JobId.NewRandom(), Token));
    }

    [Fact]
    public async Task Without_clean_results_none_is_kept()
    {
        var jobs = await World.OpenJobsAsync(options: new JobRegistryOptions { MaximumCleanResults = 0 });
        await World.RunAsync(() => jobs.FinishAsync(new JobResult(HaWorld.JobId, JobStatus.Finished), Token));

        await World.RunAsync(() => jobs.CleanUpAsync(HaWorld.JobId, Token));

        (await World.ReadJobsAsync()).Results.Should().BeEmpty();
    }

    [Fact]
    public async Task A_result_takes_the_place_of_the_graph_in_one_request()
    {
        var jobs = await World.OpenJobsAsync();
        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "graph", Token));
        World.Server.ClearRequests();

        await World.RunAsync(() => jobs.FinishAsync(new JobResult(HaWorld.JobId, JobStatus.Finished), Token));

        World.Server.Requests.Where(request => request.User == "a").Select(request => request.Verb).Should().Equal("get", "patch");
        (await World.ReadAsync()).Data.Keys.Should().Contain("jobResult-" + HaWorld.JobId).And.NotContain("jobGraph-" + HaWorld.JobId);
        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task In_a_full_ConfigMap_every_job_can_end_and_be_cleaned_up()
    {
        var jobs = await World.OpenJobsAsync();
        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "graph", Token));
        await World.RunAsync(() => jobs.PutAsync(HaWorld.OtherJob, "graph", Token));
        var used = (await World.ReadAsync()).Data.Values.Sum(value => value.Length);
        await World.EditDataAsync("big", new string('x', (1024 * 1024) - used));
        await World.FailAsync<ConfigMapFullException>(() => jobs.PutAsync(JobId.NewRandom(), "one more", Token));

        await World.RunAsync(() => jobs.FinishAsync(new JobResult(HaWorld.JobId, JobStatus.Failed, new string('m', 1000)), Token));
        await World.RunAsync(() => jobs.FinishAsync(new JobResult(HaWorld.JobId, JobStatus.Failed, new string('m', 1000)), Token));
        await World.RunAsync(() => jobs.FinishAsync(new JobResult(HaWorld.OtherJob, JobStatus.Finished), Token));

        (await World.ReadJobsAsync()).TryGetResult(HaWorld.JobId).Should().Be(new JobResult(HaWorld.JobId, JobStatus.Failed), "the message does not fit");
        (await World.RunAsync(() => jobs.ResumeCleanUpAsync(Token))).Should().HaveCount(2);
    }

    [Fact]
    public async Task A_result_whose_answer_was_lost_is_written_once()
    {
        var jobs = await World.OpenJobsAsync();
        using var lost = World.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 });

        await World.RunAsync(() => jobs.FinishAsync(new JobResult(HaWorld.JobId, JobStatus.Canceled), Token));

        (await World.ReadJobsAsync()).TryGetResult(HaWorld.JobId)!.Status.Should().Be(JobStatus.Canceled);
    }

    [Theory]
    [InlineData("\"quoted\" <T>'s + more ", 1024)]
    [InlineData("\u00fcml\u00e4ute und \U0001F600 ", 1024)]
    [InlineData("\u0001\u0002", 1024)]
    [InlineData("cut \uD83D", 1024)]
    public async Task A_message_is_cut_by_the_bytes_that_it_takes_and_reads_back_as_itself(string text, int most)
    {
        var jobs = await World.OpenJobsAsync();
        var result = new JobResult(HaWorld.JobId, JobStatus.Failed, string.Concat(Enumerable.Repeat(text, 400)));

        await World.RunAsync(() => jobs.FinishAsync(result, Token));
        await World.RunAsync(() => jobs.FinishAsync(result, Token));

        Encoding.UTF8.GetByteCount((await World.ValueAsync("jobResult-" + HaWorld.JobId))!).Should().BeInRange(most - 10, most + 100);
        (await World.ReadJobsAsync()).TryGetResult(HaWorld.JobId).Should().Be(result);
    }

    [Fact]
    public async Task A_registry_forgets_jobs_that_have_ended_elsewhere()
    {
        var jobs = await World.OpenJobsAsync();
        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "one", Token));
        await World.EndJobAsync(HaWorld.JobId, JobStatus.Finished);
        await World.FailAsync<JobFinishedException>(() => jobs.PutAsync(HaWorld.JobId, "again", Token));
        await World.EditDataAsync("jobResult-" + HaWorld.JobId, null);

        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "again", Token));

        (await World.Jobs.GetAsync(HaWorld.JobId, Token)).Should().Be("again");
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
        var jobs = await World.OpenJobsAsync();
        (await World.Jobs.ReadStatusesAsync(Token)).Should().BeEmpty();

        await World.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "one", Token));
        await World.RunAsync(() => jobs.PutAsync(HaWorld.OtherJob, "other", Token));
        (await World.Jobs.ReadStatusesAsync(Token))[HaWorld.JobId].Should().Be(JobSchedulingStatus.Pending);
        await World.LeadAsync(HaWorld.JobManager, "job");
        await World.EndJobAsync(HaWorld.OtherJob, JobStatus.Finished);

        (await World.Jobs.ReadStatusesAsync(Token)).Should().Equal(
            new Dictionary<JobId, JobSchedulingStatus> { [HaWorld.JobId] = JobSchedulingStatus.Running, [HaWorld.OtherJob] = JobSchedulingStatus.Done });
    }

    [Fact]
    public async Task The_registry_is_opened_from_a_term_of_the_Dispatcher()
    {
        var leader = await World.LeadAsync(HaWorld.JobManager, "job");

        await World.FailAsync<ArgumentException>(() => World.OpenJobsAsync(leader));
    }
}
