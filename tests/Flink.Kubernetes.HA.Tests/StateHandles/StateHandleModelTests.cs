using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>Random operations, faults, crashes and takeovers: what is stored is always what a simple model allows.</summary>
/// <remarks>
/// STATE_MODEL_RUNS is the number of scenarios, and STATE_MODEL_SEED where they begin. A failure shows the fewest steps that still fail,
/// the outcome of each, and what to put into STATE_MODEL_SEED (seed,gamma,size) to run that scenario again.
/// </remarks>
[Collection(SimulatedTime.Name)]
public sealed class StateHandleModelTests(ITestOutputHelper output)
{
    [Fact]
    public Task Whatever_happens_what_was_acknowledged_is_stored_and_what_was_refused_is_not()
    {
        var runs = int.Parse(Environment.GetEnvironmentVariable("STATE_MODEL_RUNS") ?? "200", CultureInfo.InvariantCulture);
        var size = ModelSeed.Size is { } given ? FSharpOption<int>.Some(given) : FSharpOption<int>.None;
        var config = Config.QuickThrowOnFailure
            .WithMaxTest(runs)
            .WithStartSize(3)
            .WithEndSize(40)
            .WithReplay(FSharpOption<Replay>.Some(new Replay(ModelSeed.Current, size)));
        var figures = new ModelFigures();

        // FsCheck waits for each run: on a thread of its own, or the simulated clock would wait for that thread.
        return Task.Factory.StartNew(
            () =>
            {
                Check.One(config, Prop.ForAll(StoreScenario.WithFaults, scenario => RunAsync(scenario, figures).GetAwaiter().GetResult()));
                output.WriteLine(figures.ToString());
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    private static async Task RunAsync(StoreScenario scenario, ModelFigures figures)
    {
        await using var world = new SimulatedWorld();
        var run = new ModelRun(world);
        await run.RunAsync(scenario);
        figures.Add(scenario, run, world);
    }

    /// <summary>All in memory and in simulated time.</summary>
    private sealed class SimulatedWorld : StoreWorld
    {
        private readonly HaWorld _world = new();

        public SimulatedWorld() => Processes = [.. new[] { "a", "b" }.Select(Start)];

        public override IReadOnlyList<StoreProcess> Processes { get; }

        public override StateHandleReader Reader => _world.Reader;

        public override IStateStorage Data => _world.Data;

        public override string Logs => string.Join('\n', _world.Replicas.Select(replica => $"--- {replica.Name} {replica.Failure}\n{replica.Logs.Text}"));

        protected override k8s.IKubernetes Admin => _world.Admin;

        protected override ObjectKey Key => HaWorld.Key;

        public override Task UntilAsync(Func<bool> condition, string what) => _world.UntilAsync(condition, TimeSpan.FromMinutes(5), what);

        public override Task LapseAsync() => _world.AdvanceAsync(TimeSpan.FromSeconds(30));

        public override async ValueTask DisposeAsync()
        {
            await _world.DisposeAsync();
            foreach (var process in Processes)
            {
                process.Storage.Dispose();
            }
        }

        protected override void Forgive() => _world.Forget();

        private StoreProcess Start(string name)
        {
            var replica = _world.Start(name);
            return new StoreProcess(name, replica.Network, new FaultInjectingStateStorage(_world.Data, _world.Time), () => replica.Term);
        }
    }
}
