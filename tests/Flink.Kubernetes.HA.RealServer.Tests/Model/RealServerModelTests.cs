using FsCheck.Fluent;

namespace Flink.Kubernetes.HA.RealServer.Tests.Model;

/// <summary>The model runs of the state handle store on a real API server and real files, as leaders come and go.</summary>
/// <remarks>STATE_MODEL_STEPS is how many steps; STATE_MODEL_SEED is taken over from there.</remarks>
public sealed class RealServerModelTests(ApiServerFixture server, ITestOutputHelper output)
{
    [Fact]
    public async Task A_real_server_stands_where_the_model_says()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("STATE_MODEL_STEPS") ?? "300", CultureInfo.InvariantCulture);
        var scenario = StoreScenario.WithTurns(count).Sample(1, ModelSeed.Current, count).Single();
        await using var world = await RealStoreWorld.StartAsync(await server.GetAsync());
        var figures = new ModelFigures();
        var run = new ModelRun(world);
        await run.RunAsync(scenario);
        figures.Add(scenario, run, world);
        output.WriteLine(figures.ToString());
    }
}
