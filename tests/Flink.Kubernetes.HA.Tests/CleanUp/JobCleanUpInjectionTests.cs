using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Tests.Jobs;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

/// <summary>A clean-up of a job with a call that comes late or hangs, at every one of its calls.</summary>
[Collection(SimulatedTime.Name)]
public sealed class JobCleanUpInjectionTests
{
    private static CancellationToken Token => StoreWorld.Token;

    public static TheoryData<string> Faults => [.. CleanUpFaults.Slow];

    [Theory]
    [MemberData(nameof(Faults))]
    public Task Whatever_call_to_the_API_comes_late_or_hangs_the_job_is_cleaned_up_in_the_end(string how) => ForEachCallAsync(
        how,
        job => job.Dispatcher.Client.CountCalls(),
        (job, at) => [.. CleanUpFaults.Api(how, at).Select(job.Dispatcher.Client.Inject)],
        "API");

    [Theory]
    [MemberData(nameof(Faults))]
    public Task Whatever_call_to_the_storage_comes_late_or_hangs_the_job_is_cleaned_up_in_the_end(string how) => ForEachCallAsync(
        how,
        job => job.World.Storage.CountCalls(),
        (job, at) => [.. CleanUpFaults.Storage(how, at).Select(job.World.Storage.Inject)],
        "storage");

    private static async Task ForEachCallAsync(string how, Func<EndedJob, int> count, Func<EndedJob, int, List<IDisposable>> inject, string where)
    {
        int calls;
        await using (var job = await EndedJob.StartAsync())
        {
            var before = count(job);
            await job.RunAsync();
            calls = count(job) - before;
        }

        Assert.InRange(calls, 5, 40);
        for (var at = 0; at < calls; at++)
        {
            await using var job = await EndedJob.StartAsync();
            var foreign = await ForeignThings.CreateAsync(job.World);
            var what = $"{how} at {where} call {at}";
            var faults = inject(job, at);
            var term = job.Dispatcher.Term!;
            if (!await CleanUpFaults.TryAsync(job, how, token => JobCleanUp.Open(term, job.World.Storage).RunAsync(StoreWorld.JobId, token)))
            {
                await job.AssertNoPointerDanglesAsync();
                var next = await job.FailOverAsync();
                await job.World.RunAsync(() => JobCleanUp.Open(next, job.World.Data).ResumeAsync(Token));
            }

            await CleanUpFaults.LetArriveAsync(job);
            faults.ForEach(fault => fault.Dispose());
            await foreign.AssertAllIsThereAsync(job.World, what);
            await job.AssertOnlyTheOtherIsLeftAsync(what);
        }
    }
}
