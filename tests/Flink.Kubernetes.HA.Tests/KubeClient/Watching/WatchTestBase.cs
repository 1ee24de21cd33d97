using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Watching;

/// <summary>Watches of one ConfigMap over a scripted client, in simulated time.</summary>
public abstract class WatchTestBase : IAsyncDisposable
{
    private readonly HaMetrics _metrics = new();

    private protected WatchTestBase() => Watches = new SharedWatches(Client, Time, Logs, _metrics);

    private protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private protected static ObjectKey Key { get; } = new("default", "leader");

    private protected ManualTimeProvider Time { get; } = new();

    private protected CapturedLogs Logs { get; } = new();

    private protected ScriptedKubeClient Client { get; } = new();

    private protected SharedWatches Watches { get; }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Watches.DisposeAsync();
        Assert.Equal(0, Client.OpenConnections);
        _metrics.Dispose();
    }

    private protected WatchSubscription<ConfigMap> Subscribe() => Watches.Subscribe(KubeResources.ConfigMaps, Key);

    private protected static async Task<Observation<ConfigMap>> NextAsync(WatchSubscription<ConfigMap> subscription) =>
        await subscription.NextAsync(Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancelled);

    private protected static async Task<Exception?> NextFailureAsync(WatchSubscription<ConfigMap> subscription) =>
        await subscription.NextFailureAsync(Cancelled).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancelled);

    /// <summary>Moves the clock, at most so far, until the next connection is opened.</summary>
    private protected async Task<ScriptedConnection> NextConnectionWithinAsync(TimeSpan limit)
    {
        var next = Client.NextConnectionAsync();
        Assert.True(await Time.AdvanceUntilAsync(() => next.IsCompleted, limit, cancellationToken: Cancelled), $"No watch was opened within {limit}.");
        return await next;
    }

    private protected static string? Value(Observation<ConfigMap> observation) => observation.Object?.Data?["value"];
}
