namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>A class fixture: a server of the class's own, started when it first asks.</summary>
public sealed class PrivateApiServer : IAsyncDisposable
{
    private readonly Lazy<Task<RealApiServer>> _server = new(() => Task.Run(RealApiServer.StartPrivateAsync));

    public Task<RealApiServer> GetAsync() => _server.Value;

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated && _server.Value.IsCompletedSuccessfully)
        {
            await (await _server.Value).DisposeAsync();
        }
    }
}
