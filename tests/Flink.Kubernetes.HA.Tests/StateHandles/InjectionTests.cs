namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>
/// Every operation with every fault at every one of its calls, enumerated until the operation has no further call: no acknowledged entry is
/// missing, no pointer dangles, nothing live was deleted, and the outcome that the caller sees is true.
/// </summary>
[Collection(SimulatedTime.Name)]
public sealed class InjectionTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(5);
    private static readonly FaultSite[] ApiCalls = [.. ((string[])["patch", "get"]).Select(FaultSite.Api)];
    private static readonly FaultSite[] StorageCalls = [.. ((string[])["write", "delete", "read", "list"]).Select(FaultSite.Storage)];
    private static readonly Dictionary<string, Fault> ApiFaults = Quick(StepFault.OfApi);
    private static readonly Dictionary<string, Fault> StorageFaults = Quick(StepFault.OfStorage);

    private static readonly Dictionary<string, Fault> ApiTurns = new()
    {
        ["before it arrives"] = Fault.Delay(Long),
        ["after its effect"] = Fault.Delay(Long, afterEffect: true),
        ["while it is late"] = Fault.DeliverLate(TimeSpan.FromSeconds(20)),
        ["after its answer was lost"] = Fault.LoseResponse(),
    };

    private static readonly Dictionary<string, Fault> StorageTurns = new()
    {
        ["before it arrives"] = Fault.Delay(Long),
        ["after its effect"] = Fault.Delay(Long, afterEffect: true),
    };

    private static readonly Dictionary<string, Fault> StorageHangs = new()
    {
        ["before it arrives"] = Fault.Hang(),
        ["after its effect"] = Fault.Hang(afterEffect: true),
        ["while it is late"] = Fault.DeliverLate(Long),
    };

    private static readonly Dictionary<string, Fault> BadReads = new()
    {
        ["breaks off"] = Fault.BreakRead(1),
        ["ends early"] = Fault.TruncateRead(1),
        ["has a wrong byte"] = Fault.CorruptRead(),
    };

    /// <summary>Runs an operation, which the function starts, and what happens meanwhile.</summary>
    private delegate Task ActAsync(HaWorld world, Func<CancellationToken, Task> start, FaultPoint point);

    public static TheoryData<string, string> ApiPoints => Points(ApiFaults);

    public static TheoryData<string, string> StoragePoints => Points(StorageFaults);

    public static TheoryData<string, string> ApiTurnPoints => Points(ApiTurns);

    public static TheoryData<string, string> StorageTurnPoints => Points(StorageTurns);

    public static TheoryData<string, string> StorageHangPoints => Points(StorageHangs);

    public static TheoryData<string> BadReadNames => [.. BadReads.Keys];

    [Theory]
    [MemberData(nameof(ApiPoints))]
    public Task A_call_to_the_API(string operation, string fault) => SweepAsync(operation, ApiCalls, ApiFaults[fault], RunAsync);

    [Theory]
    [MemberData(nameof(StoragePoints))]
    public Task A_call_to_the_storage(string operation, string fault) => SweepAsync(operation, StorageCalls, StorageFaults[fault], RunAsync);

    [Theory]
    [MemberData(nameof(ApiTurnPoints))]
    public Task Another_takes_over_around_a_call_to_the_API(string operation, string when) =>
        SweepAsync(operation, ApiCalls, ApiTurns[when], TakeOverAsync);

    [Theory]
    [MemberData(nameof(StorageTurnPoints))]
    public Task Another_takes_over_around_a_call_to_the_storage(string operation, string when) =>
        SweepAsync(operation, StorageCalls, StorageTurns[when], TakeOverAsync);

    [Theory]
    [MemberData(nameof(ApiTurnPoints))]
    public Task The_caller_cancels_at_a_call_to_the_API(string operation, string when) =>
        SweepAsync(operation, ApiCalls, ApiTurns[when], async (world, start, point) =>
        {
            // Blind as well: the answer cannot be looked for while the caller waits.
            using var blind = world.Network.Inject(Fault.NotConnected() with { Verb = "get" });
            await CancelAsync(world, start, point);
        });

    [Theory]
    [MemberData(nameof(StorageHangPoints))]
    public Task The_caller_cancels_at_a_call_to_the_storage(string operation, string when) =>
        SweepAsync(operation, StorageCalls, StorageHangs[when], CancelAsync);

    [Theory]
    [MemberData(nameof(BadReadNames))]
    public async Task Data_that_is_read_wrongly_is_never_recovered(string how)
    {
        var strikes = await SweepAsync("recover", [FaultSite.Storage("read")], BadReads[how], async (world, start, point) =>
        {
            await RunAsync(world, start, point);
            (world.Failure is StateStorageException).Should().Be(point.HasStruck(), "{0}", world.Failure);
        });
        strikes.Should().Be(4);
    }

    /// <summary>Calls that are slow and no more are the turns below.</summary>
    private static Dictionary<string, Fault> Quick(IEnumerable<(string Name, Fault Rule)> faults) =>
        faults.Where(fault => !fault.Name.StartsWith("is slow", StringComparison.Ordinal)).ToDictionary(fault => fault.Name, fault => fault.Rule);

    private static TheoryData<string, string> Points(Dictionary<string, Fault> faults) =>
        [.. from fault in faults.Keys from operation in StoreOperation.All select new TheoryDataRow<string, string>(operation.Name, fault)];

    private static Task RunAsync(HaWorld world, Func<CancellationToken, Task> start, FaultPoint point) =>
        world.WhileAdvancingAsync(start(HaWorld.Token), TimeSpan.FromMinutes(5));

    private static async Task TakeOverAsync(HaWorld world, Func<CancellationToken, Task> start, FaultPoint point)
    {
        var run = start(HaWorld.Token);
        await world.UntilAsync(() => point.HasStruck() || run.IsCompleted, TimeSpan.FromMinutes(1), "the call was made");
        if (point.HasStruck())
        {
            await world.TakeOverAsync();
        }

        await world.WhileAdvancingAsync(run, TimeSpan.FromMinutes(5));
    }

    private static async Task CancelAsync(HaWorld world, Func<CancellationToken, Task> start, FaultPoint point)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(HaWorld.Token);
        var run = start(cancellation.Token);
        await world.AdvanceAsync(TimeSpan.FromSeconds(1));
        await cancellation.CancelAsync();
        await world.WhileAdvancingAsync(run, TimeSpan.FromMinutes(5));
    }

    /// <summary>Sweeps twice: after the one whoever leads writes on, after the other it undoes everything at once.</summary>
    /// <returns>How many calls were struck in both.</returns>
    private static async Task<int> SweepAsync(string name, FaultSite[] sites, Fault fault, ActAsync actAsync)
    {
        var operation = StoreOperation.All.Single(candidate => candidate.Name == name);
        var strikes = 0;
        Func<StoreOperation, HaWorld, FaultPoint, Task>[] verifications = [JudgeAsync, UndoAsync];
        foreach (var (site, verifyAsync) in from site in sites from verifyAsync in verifications select (site, verifyAsync))
        {
            strikes += await FaultSweep.ForEachCallAsync(
                site,
                [fault with { Times = 1 }],
                StoreOperation.StartAsync,
                (world, point) => actAsync(world, token => world.AttemptAsync(() => operation.RunAsync(world, token)), point),
                (world, point) => verifyAsync(operation, world, point),
                atMost: 12);
        }

        return strikes;
    }

    /// <summary>Whoever leads writes once more, all that is late comes in, and then what is there must fit the outcome that the caller saw.</summary>
    private static async Task JudgeAsync(StoreOperation operation, HaWorld world, FaultPoint point)
    {
        var what = $"{operation.Name}, {point.Name}, ended with {world.Failure?.ToString() ?? "success"}";
        var store = world.Successor ?? world.Store;
        var afterwards = await world.RunAsync(() => store.AddAsync("z", HaWorld.Stream("z1"), HaWorld.Token));
        await ReadBackAsync(world, what);
        await world.AdvanceAsync(TimeSpan.FromSeconds(30));
        await world.RunAsync(() => store.RemoveAsync(afterwards, HaWorld.Token));
        var state = await ReadBackAsync(world, what);

        // However often an opening broke off, the ConfigMap and the storage belong together for the next.
        await world.RunAsync(() => StateHandleStore.OpenAsync(store.Term, world.Data, HaWorld.Prefix, HaWorld.Token));
        string[] allowed = world.Failure switch
        {
            // Refused is refused, also where the refusal came late.
            null => [operation.After],
            StateHandleException { Failure: StateHandleFailure.AlreadyExists } when operation.Name == "add over live" => [StoreOperation.Before],
            LeadershipLostException or KubernetesHaException => [StoreOperation.Before],

            // Either nothing was written, or the entry is marked and its data is still to be deleted.
            StateStorageException => operation.Removes ? [StoreOperation.Before, operation.After] : [StoreOperation.Before],
            StateOutcomeUnknownException or OperationCanceledException => [StoreOperation.Before, operation.After],
            _ => [],
        };
        allowed.Should().Contain(state, "{0}\n{1}", what, world.Leader.Logs.Text);
    }

    /// <summary>Whoever leads undoes all there is at once; when all that is late has come in, nothing of it may be there again.</summary>
    private static async Task UndoAsync(StoreOperation operation, HaWorld world, FaultPoint point)
    {
        var what = $"{operation.Name}, {point.Name}, ended with {world.Failure?.ToString() ?? "success"} and was undone";
        var store = world.Successor ?? world.Store;
        await world.RunAsync(async () =>
        {
            await store.ClearAsync(HaWorld.Token);
            var counter = (await world.Reader.ReadAsync(HaWorld.Token)).TryGetValue("counter");
            await store.CreateBatch().SetValue("counter", counter, "1").SetValue("undone", null, "1").CommitAsync(HaWorld.Token);
        });
        await world.AdvanceAsync(TimeSpan.FromSeconds(30));
        (await ReadBackAsync(world, what)).Should().Be("counter=1", "{0}\n{1}", what, world.Leader.Logs.Text);
    }

    private static async Task<string> ReadBackAsync(HaWorld world, string what)
    {
        var entries = (await Awaiting(() => world.ReadBackAsync()).Should().NotThrowAsync("no pointer may dangle: {0}\n{1}", what, world.Leader.Logs.Text)).Which;
        var counter = await world.ValueAsync("counter");
        return string.Join(',', entries.Where(entry => entry.Key != "z").Select(entry => $"{entry.Key}={entry.Value}").Append($"counter={counter}"));
    }
}
