using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

/// <summary>What may go wrong with one call of a clean-up, and how a clean-up may end then.</summary>
internal static class CleanUpFaults
{
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan VeryLate = TimeSpan.FromSeconds(100);

    /// <summary>Those that strike one call, after which all goes well; and the crashes, after which nothing gets through.</summary>
    public static IReadOnlyList<string> All { get; } = ["fails", "answer lost", "crash before", "crash after", .. Slow];

    public static IReadOnlyList<string> Slow => ["late", "very late", "hangs", "takes effect and hangs"];

    public static IEnumerable<FaultRule> Api(string how, int at) => how switch
    {
        "fails" => [FaultRule.Fail() with { After = at, Times = 1 }],
        "answer lost" => [FaultRule.LoseResponse() with { After = at, Times = 1 }],
        "crash before" => [FaultRule.Fail() with { After = at }],
        "crash after" => [FaultRule.LoseResponse() with { After = at, Times = 1 }, FaultRule.Fail() with { After = at + 1 }],
        "late" => [FaultRule.DeliverLate(Late) with { After = at, Times = 1 }],
        "very late" => [FaultRule.DeliverLate(VeryLate) with { After = at, Times = 1 }],
        _ => [FaultRule.Hang(afterEffect: how != "hangs") with { After = at, Times = 1 }],
    };

    public static IEnumerable<StorageFaultRule> Storage(string how, int at) => how switch
    {
        "fails" => [StorageFaultRule.Fail() with { After = at, Times = 1 }],
        "answer lost" => [StorageFaultRule.LoseResponse() with { After = at, Times = 1 }],
        "crash before" => [StorageFaultRule.Fail() with { After = at }],
        "crash after" => [StorageFaultRule.LoseResponse() with { After = at, Times = 1 }, StorageFaultRule.Fail() with { After = at + 1 }],
        "late" => [StorageFaultRule.DeliverLate(Late) with { After = at, Times = 1 }],
        "very late" => [StorageFaultRule.DeliverLate(VeryLate) with { After = at, Times = 1 }],
        _ => [StorageFaultRule.Hang(afterEffect: how != "hangs") with { After = at, Times = 1 }],
    };

    /// <summary>Runs a clean-up; one that hangs is given up after a minute.</summary>
    /// <returns>Whether it came to its end.</returns>
    public static async Task<bool> TryAsync(EndedJob job, string how, Func<CancellationToken, Task> cleanUp)
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(EndedJob.Token);
        var run = Task.Run(() => cleanUp(giveUp.Token), EndedJob.Token);
        var limit = TimeSpan.FromMinutes(how.Contains("hangs", StringComparison.Ordinal) ? 1 : 30);
        if (!await job.World.Election.Time.AdvanceUntilAsync(() => run.IsCompleted, limit, cancellationToken: EndedJob.Token))
        {
            Assert.Contains("hangs", how, StringComparison.Ordinal);
            await giveUp.CancelAsync();
        }

        try
        {
            await job.World.Election.WhileAdvancingAsync(run, TimeSpan.FromMinutes(1));
            return true;
        }
        catch (Exception exception) when (exception is CleanUpFailedException or LeadershipLostException or KubeClientException or StateHandleException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>What is late comes in.</summary>
    public static Task LetArriveAsync(EndedJob job) => job.World.Election.AdvanceAsync(VeryLate + Late);
}
