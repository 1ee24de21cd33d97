using System.Text;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.Jobs;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.CleanUp;

/// <summary>Sweeps with the shortest grace period run without pause while a leader writes and is held up between an upload and its pointer.</summary>
[Collection(SimulatedTime.Name)]
public sealed class SweepRaceTests
{
    private const string Orphan = "default/orders/dispatcher/jobGraph-00000000000000000000000000000003-0123456789abcdef0123456789abcdef";
    private static readonly TimeSpan Nearly = SweepOptions.ShortestGracePeriod - TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(5);

    private static readonly Dictionary<string, FaultRule> PointerFaults = new()
    {
        ["goes through"] = FaultRule.Delay(TimeSpan.Zero),
        ["is slow to arrive"] = FaultRule.Delay(Moment),
        ["is slow to be answered"] = FaultRule.Delay(Moment, afterEffect: true),
        ["fails unsent"] = FaultRule.Fail(),
        ["is lost"] = FaultRule.LoseRequest(),
        ["takes effect, answer lost"] = FaultRule.LoseResponse(),
        ["comes late"] = FaultRule.DeliverLate(Moment),
    };

    private static readonly string[] Operations = ["checkpoint", "add", "replace", "batch"];

    public static TheoryData<string, string> Points => [.. from operation in Operations from fault in PointerFaults.Keys select new TheoryDataRow<string, string>(operation, fault)];

    private static CancellationToken Token => StoreWorld.Token;

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_sweep_between_an_upload_and_its_pointer_deletes_nothing_that_is_pointed_to(string operation, string fault)
    {
        for (var call = 0; call < 4; call++)
        {
            await RaceAsync(operation, StorageFaultRule.Delay(Nearly, afterEffect: true) with { Verb = "write", Times = 1 }, PointerFaults[fault] with { Verb = "patch", After = call, Times = 1 });
        }
    }

    [Theory]
    [InlineData("checkpoint")]
    [InlineData("add")]
    [InlineData("replace")]
    [InlineData("batch")]
    public async Task A_sweep_beside_a_slow_upload_deletes_nothing_that_is_pointed_to(string operation)
    {
        foreach (var afterEffect in (bool[])[false, true])
        {
            for (var call = 0; call < 2; call++)
            {
                await RaceAsync(operation, StorageFaultRule.Delay(Nearly, afterEffect) with { Verb = "write", After = call, Times = 1 }, PointerFaults["goes through"]);
                await RaceAsync(operation, StorageFaultRule.Delay(Moment, afterEffect) with { Verb = "delete", After = call, Times = 1 }, PointerFaults["goes through"]);
            }
        }
    }

    private static async Task RaceAsync(string operation, StorageFaultRule storageFault, FaultRule pointerFault)
    {
        await using var world = new StoreWorld();
        var dispatcher = await world.LeadAsync(LeaderComponent.Dispatcher, "a");
        var job = await world.LeadAsync(StoreWorld.JobManager, "job");
        var checkpoints = await world.OpenCheckpointsAsync(job.Term!);
        await world.RunAsync(() => checkpoints.AddAsync("one", Token));
        var store = StateHandleStore.Open(job.Term!, world.Storage, "item-");
        var x = await world.RunAsync(() => store.AddAsync("x", Stream("x0"), Token));
        await world.Data.WriteAsync(new StateKey(Orphan), [1], Token);

        // What stands is as old as what is deleted: only its pointer protects it.
        await world.Election.AdvanceAsync(TimeSpan.FromMinutes(2));
        await using var slowly = new FaultInjectingKubeClient(world.Election.Server.CreateClient("sweeper"), world.Election.Time);
        slowly.Inject(FaultRule.Delay(Moment) with { Verb = "list" });
        await using var lately = new FaultInjectingKubeClient(world.Election.Server.CreateClient("sweeper"), world.Election.Time);
        lately.Inject(FaultRule.Delay(Moment, afterEffect: true) with { Verb = "list" });
        Sweep[] sweeps = [world.CreateSweep(SweepOptions.ShortestGracePeriod), CreateSweep(slowly, world), CreateSweep(lately, world)];
        world.Storage.Inject(storageFault);
        job.Client.Inject(pointerFault);

        var run = Task.Run<Task>(() => operation switch
        {
            "checkpoint" => checkpoints.AddAsync("two", Token),
            "add" => store.AddAsync("n", Stream("n1"), Token),
            "replace" => store.ReplaceAsync(x, Stream("x1"), Token),
            _ => store.CreateBatch().Add("n", Stream("n1")).Replace(x, Stream("x1")).CommitAsync(Token),
        }, Token).Unwrap();
        for (var round = 0; !run.IsCompleted || round < sweeps.Length; round++)
        {
            var report = await world.RunAsync(() => sweeps[round % sweeps.Length].DeleteAsync(dispatcher.Term!, Token));
            Assert.Empty(report.MissingData);
            await world.Election.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await run;
        await world.Election.AdvanceAsync(TimeSpan.FromMinutes(2));
        var last = await world.RunAsync(() => sweeps[0].DeleteAsync(dispatcher.Term!, Token));
        Assert.Empty(last.MissingData);
        Assert.DoesNotContain(Orphan, world.Keys);
        Assert.Equal(operation == "checkpoint" ? "two" : "one", (await world.ReadCheckpoints().TryGetLatestAsync(Token))!.Value);
        var reader = new StateHandleReader(world.Election.Admin, world.Data, StoreWorld.JobKey, "item-");
        var entries = new List<string>();
        foreach (var handle in await reader.ListAsync(Token))
        {
            entries.Add(Encoding.UTF8.GetString(await reader.ReadBytesAsync(handle, Token)));
        }

        string[] expected = [.. operation is "add" or "batch" ? ["n1"] : Array.Empty<string>(), operation is "replace" or "batch" ? "x1" : "x0"];
        Assert.Equal(expected, entries);
    }

    private static Sweep CreateSweep(FaultInjectingKubeClient client, StoreWorld world) => new(
        client, world.Data, ElectionCluster.Namespace, ElectionCluster.ClusterId, new SweepOptions { GracePeriod = SweepOptions.ShortestGracePeriod }, world.Election.Time);

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));
}
