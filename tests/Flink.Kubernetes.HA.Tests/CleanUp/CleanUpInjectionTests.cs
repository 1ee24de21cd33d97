using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.Maintenance;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

/// <summary>Clean-ups with every fault at every one of their calls: in the end all is gone that was to go, and nothing else was touched.</summary>
[Collection(SimulatedTime.Name)]
public sealed class CleanUpInjectionTests
{
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan VeryLate = TimeSpan.FromSeconds(100);

    private static readonly Dictionary<string, (FaultSite Site, Fault Down)> Sites = new()
    {
        ["API"] = (FaultSite.Api(), Fault.NotConnected()),
        ["storage"] = (FaultSite.Storage(), Fault.Fail(StateStorageFailure.Unavailable)),
    };

    /// <summary>Those that strike one call, after which all goes well; and the crashes, after which nothing gets through.</summary>
    private static readonly Dictionary<string, Func<Fault, Fault[]>> Faults = new()
    {
        ["fails"] = down => [down with { Times = 1 }],
        ["answer lost"] = _ => [Fault.LoseResponse() with { Times = 1 }],
        ["crash before"] = down => [down],
        ["crash after"] = down => [Fault.LoseResponse() with { Times = 1 }, down with { After = 1 }],
        ["late"] = _ => [Fault.DeliverLate(Late) with { Times = 1 }],
        ["very late"] = _ => [Fault.DeliverLate(VeryLate) with { Times = 1 }],
        ["hangs"] = _ => [Fault.Hang() with { Times = 1 }],
        ["takes effect and hangs"] = _ => [Fault.Hang(afterEffect: true) with { Times = 1 }],
    };

    public static TheoryData<string, string> Points =>
        [.. from site in Sites.Keys from fault in Faults.Keys select new TheoryDataRow<string, string>(site, fault)];

    private static CancellationToken Token => HaWorld.Token;

    [Theory]
    [MemberData(nameof(Points))]
    public async Task Whatever_goes_wrong_a_job_is_cleaned_up_in_the_end(string site, string how)
    {
        var calls = await SweepAsync(
            site,
            how,
            () => HaWorld.WithJobAsync(),
            async (world, token) => await (await OpenAsync(world.Leader.Term!, world.Storage, token)).CleanUpAsync(HaWorld.JobId, token),
            (world, term) => world.RunAsync(async () => await (await OpenAsync(term, world.Data, Token)).ResumeCleanUpAsync(Token)),
            (world, what) => world.AssertOnlyTheOtherJobIsLeftAsync(what));
        calls.Should().BeInRange(5, 40);
    }

    [Theory]
    [MemberData(nameof(Points))]
    public async Task Whatever_goes_wrong_nothing_of_a_cluster_is_left(string site, string how)
    {
        var calls = await SweepAsync(
            site,
            how,
            () => HaWorld.WithJobAsync(hasOther: false),
            (world, token) => ClusterCleanUp.Open(world.Leader.Term!, world.Storage).RunAsync(JobStatus.Finished, token),
            ResumeClusterAsync,
            (world, what) => world.AssertNothingIsLeftAsync(what));
        calls.Should().BeInRange(site == "API" ? 10 : 5, 60);
    }

    private static Task<JobRegistry<string>> OpenAsync(LeadershipTerm term, IStateStorage storage, CancellationToken token) =>
        JobRegistry<string>.OpenAsync(term, storage, TextSerializer.Instance, options: null, token);

    private static async Task ResumeClusterAsync(HaWorld world, LeadershipTerm term)
    {
        var cleanUp = ClusterCleanUp.Open(term, world.Data);
        if (!await world.RunAsync(() => cleanUp.ResumeAsync(Token)) && world.OwnDataKeys.Any())
        {
            // Nothing was written of it, so nothing may have been removed: whoever ended the cluster asks again.
            await world.AssertJobIsKeptAsync();
            (await world.RunAsync(() => cleanUp.RunAsync(JobStatus.Finished, Token))).Should().BeTrue();
        }
    }

    private static async Task<int> SweepAsync(
        string site,
        string how,
        Func<Task<HaWorld>> startAsync,
        Func<HaWorld, CancellationToken, Task> cleanUpAsync,
        Func<HaWorld, LeadershipTerm, Task> resumeAsync,
        Func<HaWorld, string, Task> assertAsync)
    {
        var canHang = how.EndsWith("hangs", StringComparison.Ordinal);
        return await FaultSweep.ForEachCallAsync(
            Sites[site].Site,
            Faults[how](Sites[site].Down),
            async () =>
            {
                var world = await startAsync();
                await world.AddForeignThingsAsync();
                return world;
            },
            (world, _) => RunAsync(world, canHang, token => cleanUpAsync(world, token)),
            async (world, point) =>
            {
                var what = $"{how} at {point.Name}";

                // A crash ends the term, also where the clean-up has come to its end before.
                if (world.Failure is not null || how.StartsWith("crash", StringComparison.Ordinal))
                {
                    MayFail(world.Failure, canHang).Should().BeTrue("{0} ends with a failure of its own, not with {1}", what, world.Failure);
                    await world.AssertNoPointerDanglesAsync();
                    await resumeAsync(world, await world.FailOverAsync());
                }

                // What is late comes in.
                if (canHang || how.EndsWith("late", StringComparison.Ordinal))
                {
                    await world.AdvanceAsync(VeryLate + Late);
                }

                await world.AssertForeignThingsAreThereAsync(what);
                await assertAsync(world, what);
            });
    }

    private static bool MayFail(Exception? failure, bool canHang) =>
        failure is null or CleanUpFailedException or LeadershipLostException or KubernetesHaException || (failure is OperationCanceledException && canHang);

    /// <summary>Runs a clean-up; one that can hang is canceled after a minute.</summary>
    private static async Task RunAsync(HaWorld world, bool canHang, Func<CancellationToken, Task> cleanUpAsync)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var run = world.AttemptAsync(() => cleanUpAsync(cancellation.Token));
        if (!await world.Time.AdvanceUntilAsync(() => run.IsCompleted, TimeSpan.FromMinutes(canHang ? 1 : 30), cancellationToken: Token))
        {
            canHang.Should().BeTrue("a clean-up in which nothing hangs comes to an end");
            await cancellation.CancelAsync();
        }

        await world.WhileAdvancingAsync(run);
    }
}
