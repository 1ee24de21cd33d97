[assembly: AssemblyFixture(typeof(S3ServerFixture))]

namespace Flink.Kubernetes.HA.Storage.Tests.S3;

/// <summary>The real S3 server that all tests of a run share; started when the first one asks, stopped after the last.</summary>
/// <remarks>A test works below a prefix of its own. One that stops or pauses the server starts a private one instead.</remarks>
public sealed class S3ServerFixture : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<RealS3Server>? _server;

    /// <summary>The server; fails the test when none can be had: such tests are never skipped.</summary>
    public Task<RealS3Server> GetAsync()
    {
        lock (_gate)
        {
            return _server ??= Task.Run(RealS3Server.StartAsync);
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
