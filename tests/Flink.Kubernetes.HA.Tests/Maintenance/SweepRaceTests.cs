using Flink.Kubernetes.HA.Maintenance;
using k8s;

namespace Flink.Kubernetes.HA.Tests.Maintenance;

/// <summary>Sweeps with a short grace period run without pause while a leader writes and is held up between an upload and its pointer.</summary>
[Collection(SimulatedTime.Name)]
public sealed class SweepRaceTests
{
    private const string Orphan = "jobGraph-00000000000000000000000000000003-0123456789abcdef0123456789abcdef";
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Nearly = Grace - TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(5);

    private static readonly Dictionary<string, Fault> PointerFaults = new()
    {
        ["goes through"] = Fault.Delay(TimeSpan.Zero),
        ["is slow to arrive"] = Fault.Delay(Moment),
        ["is slow to be answered"] = Fault.Delay(Moment, afterEffect: true),
        ["fails unsent"] = Fault.NotConnected(),
        ["is lost"] = Fault.LoseRequest(),
        ["takes effect, answer lost"] = Fault.LoseResponse(),
        ["comes late"] = Fault.DeliverLate(Moment),
    };

    private static readonly string[] Operations = ["checkpoint", "add", "replace", "batch"];

    public static TheoryData<string, string> Points =>
        [.. from operation in Operations from fault in PointerFaults.Keys select new TheoryDataRow<string, string>(operation, fault)];

    public static TheoryData<string> OperationNames => [.. Operations];

    private static CancellationToken Token => HaWorld.Token;

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_sweep_between_an_upload_and_its_pointer_deletes_nothing_that_is_pointed_to(string operation, string fault)
    {
        for (var call = 0; call < 4; call++)
        {
            var upload = Fault.Delay(Nearly, afterEffect: true) with { Verb = "write", Times = 1 };
            await RaceAsync(operation, upload, PointerFaults[fault] with { Verb = "patch", After = call, Times = 1 });
        }
    }

    [Theory]
    [MemberData(nameof(OperationNames))]
    public async Task A_sweep_beside_a_slow_upload_deletes_nothing_that_is_pointed_to(string operation)
    {
        foreach (var afterEffect in (bool[])[false, true])
        {
            for (var call = 0; call < 2; call++)
            {
                foreach (var slow in (Fault[])[Fault.Delay(Nearly, afterEffect) with { Verb = "write" }, Fault.Delay(Moment, afterEffect) with { Verb = "delete" }])
                {
                    await RaceAsync(operation, slow with { After = call, Times = 1 }, PointerFaults["goes through"]);
                }
            }
        }
    }

    private static async Task RaceAsync(string operation, Fault storageFault, Fault pointerFault)
    {
        await using var world = new HaWorld();
        var dispatcher = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var job = await world.LeadAsync(HaWorld.JobManager, "job");
        var checkpoints = await world.OpenCheckpointsAsync(job);
        await world.RunAsync(() => checkpoints.AddAsync("one", Token));
        var store = await world.RunAsync(() => StateHandleStore.OpenAsync(job.Term!, world.Storage, HaWorld.Prefix, Token));
        var x = await world.RunAsync(() => store.AddAsync("x", HaWorld.Stream("x0"), Token));
        var orphan = new StateKey($"{await world.FolderOfAsync(HaWorld.JobManager)}/{Orphan}");
        await world.Data.WriteAsync(orphan, [1], Token);

        // What is kept is as old as what is deleted: only its pointer protects it.
        await world.AdvanceAsync(Grace * 2);
        using var slowly = CreateSweeper(world, Fault.Delay(Moment));
        using var lately = CreateSweeper(world, Fault.Delay(Moment, afterEffect: true));
        Sweep[] sweeps = [.. ((IKubernetes?[])[null, slowly, lately]).Select(client => world.CreateSweep(Grace, client))];
        world.Storage.Inject(storageFault);
        job.Network.Inject(pointerFault);

        var run = Task.Run<Task>(() => operation switch
        {
            "checkpoint" => checkpoints.AddAsync("two", Token),
            "add" => store.AddAsync("n", HaWorld.Stream("n1"), Token),
            "replace" => store.ReplaceAsync(x, HaWorld.Stream("x1"), Token),
            _ => store.CreateBatch().Add("n", HaWorld.Stream("n1")).Replace(x, HaWorld.Stream("x1")).CommitAsync(Token),
        }, Token).Unwrap();
        for (var round = 0; !run.IsCompleted || round < sweeps.Length; round++)
        {
            var report = await world.RunAsync(() => sweeps[round % sweeps.Length].DeleteAsync(dispatcher.Term!, Token));
            report.MissingData.Should().BeEmpty();
            await world.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await run;
        await world.AdvanceAsync(Grace * 2);
        var last = await world.RunAsync(() => sweeps[0].DeleteAsync(dispatcher.Term!, Token));
        last.MissingData.Should().BeEmpty();
        world.Data.Keys.Should().NotContain(orphan);
        (await world.ReadCheckpoints().TryGetLatestAsync(Token))!.Value.Should().Be(operation == "checkpoint" ? "two" : "one");
        string[] expected = [.. operation is "add" or "batch" ? ["n1"] : Array.Empty<string>(), operation is "replace" or "batch" ? "x1" : "x0"];
        (await world.ReadBackAsync(world.ReadStore(HaWorld.JobManager))).Values.Should().Equal(expected);
    }

    private static k8s.Kubernetes CreateSweeper(HaWorld world, Fault fault)
    {
        var network = new FaultInjectingHandler(world.Time);
        network.Inject(fault with { Verb = "list" });
        return world.Server.CreateClient("sweeper", network);
    }
}
