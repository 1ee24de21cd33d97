namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Tests in a simulated world, whose end checks that no two terms were live at once.</summary>
[Collection(SimulatedTime.Name)]
public abstract class ElectionTests : IAsyncDisposable
{
    private protected static CancellationToken Token => HaWorld.Token;

    private protected HaWorld World { get; } = new();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await World.DisposeAsync();
    }

    /// <summary>Starts a leader, which leads for a second, and a standby.</summary>
    private protected async Task<(Replica Leader, Replica Standby)> StartBothAsync(string? address = null)
    {
        var leader = await World.StartLeaderAsync("leader", r => r.Address = address);
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        return (leader, standby);
    }
}
