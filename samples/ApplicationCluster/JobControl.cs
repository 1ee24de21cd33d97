using Microsoft.Extensions.Hosting;

namespace ApplicationCluster;

/// <summary>What the director says on the standard input: "cancel" ends the job, and the end of the input ends the process.</summary>
/// <remarks>In a cluster of your own this is a request to the REST endpoint's leader.</remarks>
internal sealed class JobControl(IHostApplicationLifetime lifetime) : IDisposable
{
    private readonly CancellationTokenSource _cancelled = new();

    public CancellationToken JobCancelled => _cancelled.Token;

    public Task ListenAsync() => Task.Run(() =>
    {
        while (Console.In.ReadLine() is { } line)
        {
            if (line == "cancel")
            {
                _cancelled.Cancel();
            }
        }

        // When the director is gone, however it ended, nobody else would stop this process.
        lifetime.StopApplication();
    });

    public void Dispose() => _cancelled.Dispose();
}
