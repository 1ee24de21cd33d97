using Flink.Kubernetes.HA.Jobs;

namespace Flink.Kubernetes.HA.Tests.Jobs;

/// <summary>
/// Every operation of the registry with every fault at every one of its calls, and with a takeover around each: a job is there, has ended, or is gone, as
/// the caller was told; it is never there and ended at once, and no pointer dangles.
/// </summary>
[Collection(SimulatedTime.Name)]
public sealed class JobInjectionTests
{
    private static readonly FaultSite[] Calls = [FaultSite.Api("patch"), FaultSite.Api("get"), FaultSite.Storage("write"), FaultSite.Storage("delete")];

    private static readonly Dictionary<string, (Func<JobRegistry<string>, CancellationToken, Task> RunAsync, string After)> Operations = new()
    {
        ["replace"] = ((jobs, token) => jobs.PutAsync(HaWorld.JobId, "new", token), "new"),
        ["withdraw"] = ((jobs, token) => jobs.RemoveAsync(HaWorld.JobId, token), "none"),
        ["finish"] = ((jobs, token) => jobs.FinishAsync(new JobResult(HaWorld.JobId, JobStatus.Failed, "no luck"), token), "ended"),
        ["finish and clean up"] = (FinishAndCleanUpAsync, "ended"),
    };

    private static readonly Dictionary<string, Fault> Faults = new()
    {
        ["request lost"] = Fault.LoseRequest(),
        ["answer lost"] = Fault.LoseResponse(),
        ["late"] = Fault.DeliverLate(TimeSpan.FromSeconds(3)),
        ["slow"] = Fault.Delay(TimeSpan.FromSeconds(5)),
        ["slow after its effect"] = Fault.Delay(TimeSpan.FromSeconds(5), afterEffect: true),
    };

    public static TheoryData<string, string, bool> Points =>
        [.. from operation in Operations.Keys from fault in Faults.Keys from takeover in (bool[])[false, true] select new TheoryDataRow<string, string, bool>(operation, fault, takeover)];

    private static CancellationToken Token => HaWorld.Token;

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_job_is_what_the_caller_was_told(string operation, string fault, bool isTakeover)
    {
        var (runAsync, after) = Operations[operation];
        JobRegistry<string> jobs = null!;
        foreach (var site in Calls)
        {
            await FaultSweep.ForEachCallAsync(
                site,
                [Faults[fault] with { Times = 1 }],
                async () =>
                {
                    var world = await HaWorld.LedAsync(LeaderComponent.Dispatcher);
                    jobs = await world.OpenJobsAsync();
                    await world.RunAsync(() => jobs.PutAsync(HaWorld.JobId, "old", Token));
                    return world;
                },
                async (world, point) =>
                {
                    var run = world.AttemptAsync(() => runAsync(jobs, Token));
                    await world.UntilAsync(() => point.HasStruck() || run.IsCompleted, TimeSpan.FromMinutes(1), "the call was made");
                    if (isTakeover && point.HasStruck())
                    {
                        await world.TakeOverAsync();
                    }

                    await world.WhileAdvancingAsync(run, TimeSpan.FromMinutes(5));
                },
                (world, point) => JudgeAsync(world, $"{operation}, {point.Name}, ended with {world.Failure?.ToString() ?? "success"}", after),
                atMost: 20);
        }
    }

    private static async Task JudgeAsync(HaWorld world, string what, string after)
    {
        await world.AdvanceAsync(TimeSpan.FromSeconds(30));
        var data = (await world.ReadAsync()).Data;
        var (isThere, hasEnded) = (data.ContainsKey("jobGraph-" + HaWorld.JobId), data.ContainsKey("jobResult-" + HaWorld.JobId));
        (isThere && hasEnded).Should().BeFalse(what);
        var state = hasEnded ? "ended" : isThere ? await world.Jobs.GetAsync(HaWorld.JobId, Token) : "none";
        string[] allowed = world.Failure switch
        {
            null => [after],
            StateOutcomeUnknownException => ["old", after],

            // Of two operations the first may have been made.
            LeadershipLostException or KubernetesHaException or CleanUpFailedException => after == "ended" ? ["old", after] : ["old"],
            StateStorageException => ["old"],
            _ => [],
        };
        allowed.Should().Contain(state, "{0}\n{1}", what, world.Leader.Logs.Text);
        await world.AssertNoPointerDanglesAsync();
    }

    private static async Task FinishAndCleanUpAsync(JobRegistry<string> jobs, CancellationToken token)
    {
        await jobs.FinishAsync(new JobResult(HaWorld.JobId, JobStatus.Failed), token);
        await jobs.CleanUpAsync(HaWorld.JobId, token);
    }
}
