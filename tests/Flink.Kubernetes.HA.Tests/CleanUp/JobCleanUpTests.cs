using Flink.Kubernetes.HA.Jobs;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

[Collection(SimulatedTime.Name)]
public sealed class JobCleanUpTests
{
    private static CancellationToken Token => HaWorld.Token;

    [Fact]
    public async Task Everything_of_a_job_that_has_ended_goes_and_nothing_of_another()
    {
        await using var world = await HaWorld.WithJobAsync();

        await world.CleanUpJobAsync();

        await world.AssertOnlyTheOtherJobIsLeftAsync("clean-up");
        await world.CleanUpJobAsync();
    }

    [Fact]
    public async Task A_job_without_a_result_keeps_everything()
    {
        await using var world = await HaWorld.WithJobAsync(hasResult: false);

        await world.FailAsync<InvalidOperationException>(world.CleanUpJobAsync);
        (await world.RunAsync(async () => await (await world.OpenJobsAsync()).ResumeCleanUpAsync(Token))).Should().BeEmpty();

        await world.AssertJobIsKeptAsync();
    }

    [Fact]
    public async Task A_ConfigMap_that_somebody_leads_stays_until_the_term_has_ended()
    {
        await using var world = await HaWorld.WithJobAsync(isOver: false);
        var jobs = await world.OpenJobsAsync(options: new JobRegistryOptions { CleanUp = new CleanUpOptions { MaximumTries = 2 } });

        var exception = await world.FailAsync<CleanUpFailedException>(() => jobs.ResumeCleanUpAsync(Token));

        exception.Jobs.Should().Equal(HaWorld.JobId);
        exception.InnerException!.InnerException.Should().BeOfType<StillLedException>();
        world.JobLeader.Leads.Should().BeTrue();
        (await world.ReadCheckpoints().TryGetLatestAsync(Token))!.Value.Should().Be("two");
        (await world.ReadJobsAsync()).DirtyResults.Should().ContainSingle();
        await world.RunAsync(world.JobLeader.StopAsync);
        await world.CleanUpJobAsync();
        await world.AssertOnlyTheOtherJobIsLeftAsync("after the term");
    }

    [Fact]
    public async Task A_lock_that_a_crash_has_left_is_waited_out()
    {
        await using var world = await HaWorld.WithJobAsync(isOver: false);
        world.JobLeader.Crash();
        await world.AdvanceAsync(TimeSpan.FromSeconds(1));

        await world.CleanUpJobAsync();

        await world.AssertOnlyTheOtherJobIsLeftAsync("after a crash");
    }

    [Fact]
    public async Task One_job_that_cannot_be_cleaned_up_does_not_stop_the_others()
    {
        await using var world = await HaWorld.WithJobAsync(isOver: false);
        await world.EndJobAsync(HaWorld.OtherJob, JobStatus.Canceled);
        var jobs = await world.OpenJobsAsync(options: new JobRegistryOptions { CleanUp = new CleanUpOptions { MaximumTries = 1 } });

        await world.FailAsync<CleanUpFailedException>(() => jobs.ResumeCleanUpAsync(Token));

        (await world.ReadJobsAsync()).DirtyResults.Select(result => result.JobId).Should().Equal(HaWorld.JobId);
        world.DataKeys.Should().NotContain(key => key.Contains(HaWorld.OtherJob.ToString(), StringComparison.Ordinal));
    }
}
