namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>The real API server that all tests of a run share; started when the first one asks, stopped after the last.</summary>
/// <remarks>A test works in namespaces of its own. One that restarts or pauses a server starts a private one instead.</remarks>
public sealed class ApiServerFixture : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<RealApiServer>? _server;

    /// <summary>The server; fails the test when none can be had: such tests are never skipped.</summary>
    public Task<RealApiServer> GetAsync()
    {
        lock (_gate)
        {
            return _server ??= Task.Run(RealApiServer.StartAsync);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { } starting)
        {
            // Whoever asked for it has seen the failure to start.
            await starting.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            if (starting.IsCompletedSuccessfully)
            {
                await (await starting).DisposeAsync();
            }
        }
    }
}
