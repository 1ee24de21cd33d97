using Flink.Kubernetes.HA.ConfigMaps.Watching;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps.Watching;

/// <summary>Watches of one ConfigMap on a scripted server, in simulated time.</summary>
public abstract class WatchTestBase : IAsyncDisposable
{
    private readonly HaMetrics _metrics = new();
    private readonly k8s.Kubernetes _client;

    private protected WatchTestBase(int requestTimeoutInSeconds = 10)
    {
        _client = Server.Handler.CreateClient();
        var requests = new ConfigMapRequests(_client, TimeSpan.FromSeconds(requestTimeoutInSeconds), maxRetries: 0, Time, Logs, _metrics);
        Watches = new SharedWatches(requests, Time, Logs, _metrics);
    }

    private protected static CancellationToken Canceled => TestContext.Current.CancellationToken;

    private protected ManualTimeProvider Time { get; } = new();

    private protected RecordingLoggerFactory Logs { get; } = new();

    private protected ScriptedWatches Server { get; } = new();

    private protected SharedWatches Watches { get; }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Watches.DisposeAsync();
        Server.OpenConnections.Should().Be(0);
        _client.Dispose();
        _metrics.Dispose();
    }

    private protected WatchSubscription Subscribe() => Watches.Subscribe(new ObjectKey("default", "leader"), isMetadataOnly: false);

    private protected static async Task<Observation> NextAsync(WatchSubscription subscription) =>
        await subscription.NextStateAsync(Canceled).WaitAsync(TimeSpan.FromSeconds(30), Canceled);

    private protected static async Task<Exception?> NextFailureAsync(WatchSubscription subscription) =>
        await subscription.NextFailureAsync(Canceled).WaitAsync(TimeSpan.FromSeconds(30), Canceled);

    /// <summary>Moves the clock, at most so far, until the next connection is opened.</summary>
    private protected async Task<ScriptedConnection> NextConnectionWithinAsync(TimeSpan limit)
    {
        var next = Server.NextConnectionAsync();
        await PassAsync(next, limit);
        return await next;
    }

    private protected Task AdvanceAsync(TimeSpan duration) => Time.AdvanceAsync(duration, cancellationToken: Canceled);

    /// <summary>Moves the clock, at most so far, until the task has ended.</summary>
    private protected async Task PassAsync(Task task, TimeSpan limit) =>
        (await Time.AdvanceUntilAsync(() => task.IsCompleted, limit, cancellationToken: Canceled)).Should().BeTrue($"it happens within {limit}");

    private protected static string? Value(Observation observation) => observation.ConfigMap?.Data["value"];
}
