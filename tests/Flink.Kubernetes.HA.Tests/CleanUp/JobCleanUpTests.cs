using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.Jobs;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

[Collection(SimulatedTime.Name)]
public sealed class JobCleanUpTests
{
    private static CancellationToken Token => StoreWorld.Token;

    [Fact]
    public async Task Everything_of_a_job_that_has_ended_goes_and_nothing_of_another()
    {
        await using var job = await EndedJob.StartAsync();

        await job.RunAsync();

        await job.AssertOnlyTheOtherIsLeftAsync("clean-up");
        await job.RunAsync();
    }

    [Fact]
    public async Task A_job_without_a_result_keeps_everything()
    {
        await using var job = await EndedJob.StartAsync(withResult: false);

        await Assert.ThrowsAsync<InvalidOperationException>(job.RunAsync);
        Assert.Empty(await job.World.RunAsync(() => JobCleanUp.Open(job.Dispatcher.Term!, job.World.Storage).ResumeAsync(Token)));

        await job.AssertAllIsKeptAsync();
    }

    [Fact]
    public async Task A_ConfigMap_that_somebody_leads_stays_until_the_term_has_ended()
    {
        await using var job = await EndedJob.StartAsync(isOver: false);
        var cleanUp = JobCleanUp.Open(job.Dispatcher.Term!, job.World.Storage, options: new CleanUpOptions { MaximumTries = 2 });

        var exception = await Assert.ThrowsAsync<CleanUpFailedException>(() => job.World.RunAsync(() => cleanUp.ResumeAsync(Token)));

        Assert.Equal([StoreWorld.JobId], exception.Jobs);
        Assert.IsType<StillLedException>(exception.InnerException!.InnerException);
        Assert.True(job.JobManager.Leads);
        Assert.Equal("two", (await job.World.ReadCheckpoints().TryGetLatestAsync(Token))!.Value);
        Assert.Single(await job.World.ReadResults().ListDirtyAsync(Token));
        await job.World.RunAsync(job.JobManager.StopAsync);
        await job.RunAsync();
        await job.AssertOnlyTheOtherIsLeftAsync("after the term");
    }

    [Fact]
    public async Task A_lock_that_a_crash_has_left_is_waited_out()
    {
        await using var job = await EndedJob.StartAsync(isOver: false);
        job.JobManager.Crash();
        await job.World.Election.AdvanceAsync(TimeSpan.FromSeconds(1));

        await job.RunAsync();

        await job.AssertOnlyTheOtherIsLeftAsync("after a crash");
    }

    [Fact]
    public async Task One_job_that_can_not_be_cleaned_up_does_not_keep_the_next_from_it()
    {
        await using var job = await EndedJob.StartAsync(isOver: false);
        await job.World.RunAsync(() => JobResultStore.Open(job.Dispatcher.Term!).CreateDirtyAsync(new JobResult(StoreWorld.OtherJob, JobStatus.Canceled), Token));
        var cleanUp = JobCleanUp.Open(job.Dispatcher.Term!, job.World.Storage, options: new CleanUpOptions { MaximumTries = 1 });

        await Assert.ThrowsAsync<CleanUpFailedException>(() => job.World.RunAsync(() => cleanUp.ResumeAsync(Token)));

        Assert.Equal([StoreWorld.JobId], (await job.World.ReadResults().ListDirtyAsync(Token)).Select(result => result.JobId));
        Assert.DoesNotContain(job.World.Keys, key => key.Contains(StoreWorld.OtherJob.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("fails")]
    [InlineData("answer lost")]
    [InlineData("crash before")]
    [InlineData("crash after")]
    public async Task Whatever_call_to_the_API_goes_wrong_the_job_is_cleaned_up_in_the_end(string how)
    {
        var calls = await CountAsync(job => job.Dispatcher.Client.CountCalls());
        Assert.InRange(calls, 5, 40);
        for (var at = 0; at < calls; at++)
        {
            await using var job = await EndedJob.StartAsync();
            List<IDisposable> faults = how switch
            {
                "fails" => [job.Dispatcher.Client.Inject(FaultRule.Fail() with { After = at, Times = 1 })],
                "answer lost" => [job.Dispatcher.Client.Inject(FaultRule.LoseResponse() with { After = at, Times = 1 })],
                "crash before" => [job.Dispatcher.Client.Inject(FaultRule.Fail() with { After = at })],
                _ => [job.Dispatcher.Client.Inject(FaultRule.LoseResponse() with { After = at, Times = 1 }), job.Dispatcher.Client.Inject(FaultRule.Fail() with { After = at + 1 })],
            };
            await EndAsync(job, $"{how} at API call {at}");
            faults.ForEach(fault => fault.Dispose());
        }
    }

    [Theory]
    [InlineData("fails")]
    [InlineData("answer lost")]
    [InlineData("crash before")]
    [InlineData("crash after")]
    public async Task Whatever_call_to_the_storage_goes_wrong_the_job_is_cleaned_up_in_the_end(string how)
    {
        var calls = await CountAsync(job => job.World.Storage.CountCalls());
        Assert.InRange(calls, 5, 40);
        for (var at = 0; at < calls; at++)
        {
            await using var job = await EndedJob.StartAsync();
            List<IDisposable> faults = how switch
            {
                "fails" => [job.World.Storage.Inject(StorageFaultRule.Fail() with { After = at, Times = 1 })],
                "answer lost" => [job.World.Storage.Inject(StorageFaultRule.LoseResponse() with { After = at, Times = 1 })],
                "crash before" => [job.World.Storage.Inject(StorageFaultRule.Fail() with { After = at })],
                _ => [job.World.Storage.Inject(StorageFaultRule.LoseResponse() with { After = at, Times = 1 }), job.World.Storage.Inject(StorageFaultRule.Fail() with { After = at + 1 })],
            };
            await EndAsync(job, $"{how} at storage call {at}");
            faults.ForEach(fault => fault.Dispose());
        }
    }

    private static async Task<int> CountAsync(Func<EndedJob, int> count)
    {
        await using var job = await EndedJob.StartAsync();
        var before = count(job);
        await job.RunAsync();
        return count(job) - before;
    }

    private static async Task EndAsync(EndedJob job, string what)
    {
        try
        {
            await job.RunAsync();
        }
        catch (Exception exception) when (exception is CleanUpFailedException or LeadershipLostException or KubeClientException)
        {
            await job.AssertNoPointerDanglesAsync();
            var next = await job.FailOverAsync();
            await job.World.RunAsync(() => JobCleanUp.Open(next, job.World.Data).ResumeAsync(Token));
        }

        await job.AssertOnlyTheOtherIsLeftAsync(what);
    }
}
