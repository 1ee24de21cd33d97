using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>
/// Every operation with every fault at every one of its calls, enumerated until the operation has no further call: no acknowledged entry is
/// missing, no pointer dangles, nothing live was deleted, and what the caller was told is true.
/// </summary>
[Collection(SimulatedTime.Name)]
public sealed class InjectionTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);

    private static readonly Dictionary<string, FaultRule> ApiFaults = new()
    {
        ["fails unsent"] = FaultRule.Fail(),
        ["is refused"] = FaultRule.Fail(KubeFailure.Forbidden),
        ["times out"] = FaultRule.Fail(KubeFailure.Timeout),
        ["is lost"] = FaultRule.LoseRequest(),
        ["takes effect, answer lost"] = FaultRule.LoseResponse(),
        ["comes late"] = FaultRule.DeliverLate(Moment),
        ["comes very late"] = FaultRule.DeliverLate(Long),
        ["hangs"] = FaultRule.Hang(),
        ["takes effect and hangs"] = FaultRule.Hang(afterEffect: true),
    };

    private static readonly Dictionary<string, StorageFaultRule> StorageFaults = new()
    {
        ["fails"] = StorageFaultRule.Fail(),
        ["times out"] = StorageFaultRule.Fail(StateStorageFailure.Timeout),
        ["is lost"] = StorageFaultRule.LoseRequest(),
        ["takes effect, answer lost"] = StorageFaultRule.LoseResponse(),
        ["comes late"] = StorageFaultRule.DeliverLate(Moment),
        ["comes very late"] = StorageFaultRule.DeliverLate(Long),
    };

    private static readonly Dictionary<string, FaultRule> ApiTurns = new()
    {
        ["before it arrives"] = FaultRule.Delay(Long),
        ["after its effect"] = FaultRule.Delay(Long, afterEffect: true),
        ["while it is late"] = FaultRule.DeliverLate(TimeSpan.FromSeconds(20)),
        ["after its answer was lost"] = FaultRule.LoseResponse(),
    };

    private static readonly Dictionary<string, StorageFaultRule> StorageTurns = new()
    {
        ["before it arrives"] = StorageFaultRule.Delay(Long),
        ["after its effect"] = StorageFaultRule.Delay(Long, afterEffect: true),
    };

    private static readonly Dictionary<string, StorageFaultRule> StorageHangs = new()
    {
        ["before it arrives"] = StorageFaultRule.Hang(),
        ["after its effect"] = StorageFaultRule.Hang(afterEffect: true),
        ["while it is late"] = StorageFaultRule.DeliverLate(Long),
    };

    private static readonly Dictionary<string, StorageFaultRule> BadReads = new()
    {
        ["breaks off"] = StorageFaultRule.BreakRead(1),
        ["ends early"] = StorageFaultRule.TruncateRead(1),
        ["has a wrong byte"] = StorageFaultRule.CorruptRead(),
    };

    public static TheoryData<string, string> ApiPoints => Matrix(ApiFaults.Keys);

    public static TheoryData<string, string> StoragePoints => Matrix(StorageFaults.Keys);

    public static TheoryData<string, string> ApiTurnPoints => Matrix(ApiTurns.Keys);

    public static TheoryData<string, string> StorageTurnPoints => Matrix(StorageTurns.Keys);

    public static TheoryData<string, string> StorageHangPoints => Matrix(StorageHangs.Keys);

    public static TheoryData<string> BadReadNames => [.. BadReads.Keys];

    [Theory]
    [MemberData(nameof(ApiPoints))]
    public Task A_call_to_the_API(string operation, string fault) => ForEachApiCallAsync(operation, ApiFaults[fault], async (world, _) =>
        await world.Cluster.Election.WhileAdvancingAsync(world.Start(StoreCluster.Token), TimeSpan.FromMinutes(5)));

    [Theory]
    [MemberData(nameof(StoragePoints))]
    public Task A_call_to_the_storage(string operation, string fault) => ForEachStorageCallAsync(operation, StorageFaults[fault], async (world, _) =>
        await world.Cluster.Election.WhileAdvancingAsync(world.Start(StoreCluster.Token), TimeSpan.FromMinutes(5)));

    [Theory]
    [MemberData(nameof(ApiTurnPoints))]
    public Task Another_takes_over_around_a_call_to_the_API(string operation, string when) => ForEachApiCallAsync(operation, ApiTurns[when], TakeOverAsync);

    [Theory]
    [MemberData(nameof(StorageTurnPoints))]
    public Task Another_takes_over_around_a_call_to_the_storage(string operation, string when) => ForEachStorageCallAsync(operation, StorageTurns[when], TakeOverAsync);

    [Theory]
    [MemberData(nameof(ApiTurnPoints))]
    public Task The_caller_gives_up_at_a_call_to_the_API(string operation, string when) => ForEachApiCallAsync(operation, ApiTurns[when], async (world, _) =>
    {
        // Blind as well: the answer can't be looked for while the caller waits.
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(StoreCluster.Token);
        var blind = world.Cluster.Api.Inject(FaultRule.Fail() with { Verb = "get" });
        var run = world.Start(giveUp.Token);
        await world.Cluster.Election.AdvanceAsync(TimeSpan.FromSeconds(1));
        await giveUp.CancelAsync();
        await world.Cluster.Election.WhileAdvancingAsync(run);
        blind.Dispose();
    });

    [Theory]
    [MemberData(nameof(StorageHangPoints))]
    public Task The_caller_gives_up_at_a_call_to_the_storage(string operation, string when) => ForEachStorageCallAsync(operation, StorageHangs[when], async (world, _) =>
    {
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(StoreCluster.Token);
        var run = world.Start(giveUp.Token);
        await world.Cluster.Election.AdvanceAsync(TimeSpan.FromSeconds(1));
        await giveUp.CancelAsync();
        await world.Cluster.Election.WhileAdvancingAsync(run, TimeSpan.FromMinutes(5));
    });

    [Theory]
    [MemberData(nameof(BadReadNames))]
    public async Task Data_that_is_read_wrongly_is_never_recovered(string how)
    {
        var strikes = 0;
        await ForEachCallAsync(
            "recover",
            world => world.Cluster.Storage.CountCalls("read"),
            (world, call) => world.Cluster.Storage.Inject(BadReads[how] with { After = call, Times = 1 }),
            async (world, hasStruck) =>
            {
                await world.Cluster.Election.WhileAdvancingAsync(world.Start(StoreCluster.Token), TimeSpan.FromMinutes(5));
                Assert.Equal(hasStruck(), world.Failure is StateStorageException);
                strikes += hasStruck() ? 1 : 0;
            },
            "read");
        Assert.Equal(4, strikes);
    }

    private static TheoryData<string, string> Matrix(IEnumerable<string> faults)
    {
        var matrix = new TheoryData<string, string>();
        foreach (var fault in faults)
        {
            foreach (var operation in StoreOperation.All)
            {
                matrix.Add(operation.Name, fault);
            }
        }

        return matrix;
    }

    private static async Task TakeOverAsync(InjectedWorld world, Func<bool> hasStruck)
    {
        var run = world.Start(StoreCluster.Token);
        await world.Cluster.Election.UntilAsync(() => hasStruck() || run.IsCompleted, TimeSpan.FromMinutes(1), "the call was made");
        if (hasStruck())
        {
            await world.TakeOverAsync();
        }

        await world.Cluster.Election.WhileAdvancingAsync(run, TimeSpan.FromMinutes(5));
    }

    private static async Task ForEachApiCallAsync(string name, FaultRule rule, Func<InjectedWorld, Func<bool>, Task> act)
    {
        foreach (var verb in new[] { "patch", "get" })
        {
            await ForEachCallAsync(
                name,
                world => world.Cluster.Api.CountCalls(verb, "configmaps"),
                (world, call) => world.Cluster.Api.Inject(rule with { Verb = verb, Resource = "configmaps", After = call, Times = 1 }),
                act,
                verb);
        }
    }

    private static async Task ForEachStorageCallAsync(string name, StorageFaultRule rule, Func<InjectedWorld, Func<bool>, Task> act)
    {
        foreach (var verb in new[] { "write", "delete", "read", "list" })
        {
            await ForEachCallAsync(
                name,
                world => world.Cluster.Storage.CountCalls(verb),
                (world, call) => world.Cluster.Storage.Inject(rule with { Verb = verb, After = call, Times = 1 }),
                act,
                verb);
        }
    }

    private static async Task ForEachCallAsync(
        string name,
        Func<InjectedWorld, int> count,
        Func<InjectedWorld, int, IDisposable> inject,
        Func<InjectedWorld, Func<bool>, Task> act,
        string verb)
    {
        var operation = StoreOperation.All.Single(candidate => candidate.Name == name);
        for (var call = 0; ; call++)
        {
            await using var world = await InjectedWorld.StartAsync(operation);
            var before = count(world);
            var struckAt = call;
            bool HasStruck() => count(world) > before + struckAt;
            var rule = inject(world, call);
            await act(world, HasStruck);
            var struck = HasStruck();
            rule.Dispose();
            await world.JudgeAsync($"{verb} {call + 1}");

            await using var undone = await InjectedWorld.StartAsync(operation);
            before = count(undone);
            rule = inject(undone, call);
            await act(undone, () => count(undone) > before + struckAt);
            rule.Dispose();
            await undone.UndoAsync($"{verb} {call + 1}");
            if (!struck)
            {
                break;
            }

            Assert.True(call < 12, "The operation makes ever more calls.");
        }
    }
}
