using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace Flink.Kubernetes.HA.Tests.StateHandles.Model;

/// <summary>Random operations, faults, crashes and takeovers: what stands is always what a simple model says.</summary>
/// <remarks>
/// STATE_MODEL_RUNS is how many scenarios, and STATE_MODEL_SEED where they begin. A failure tells the fewest steps that still fail, what
/// came of each, and what to put into STATE_MODEL_SEED (seed,gamma,size) to run that scenario again.
/// </remarks>
[Collection(SimulatedTime.Name)]
public sealed class StateHandleModelTests(ITestOutputHelper output)
{
    [Fact]
    public Task Whatever_happens_what_was_acknowledged_stands_and_what_was_refused_does_not()
    {
        var runs = int.Parse(Environment.GetEnvironmentVariable("STATE_MODEL_RUNS") ?? "200", CultureInfo.InvariantCulture);
        var size = ModelSeed.Size is { } told ? FSharpOption<int>.Some(told) : FSharpOption<int>.None;
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
        await using var world = new SimulatedStoreWorld();
        var run = new ModelRun(world);
        await run.RunAsync(scenario);
        figures.Add(scenario, run, world);
    }
}
