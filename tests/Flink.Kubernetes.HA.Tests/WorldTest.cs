namespace Flink.Kubernetes.HA.Tests;

/// <summary>A test that has a world of its own, in simulated time; its end checks that no two led at once.</summary>
[Collection(SimulatedTime.Name)]
public abstract class WorldTest : IAsyncLifetime
{
    private readonly Func<Task<HaWorld>> _startAsync;

    private protected WorldTest(Func<Task<HaWorld>> startAsync) => _startAsync = startAsync;

    protected static CancellationToken Token => HaWorld.Token;

    private protected HaWorld World { get; private set; } = null!;

    public async ValueTask InitializeAsync() => World = await _startAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return World.DisposeAsync();
    }
}
