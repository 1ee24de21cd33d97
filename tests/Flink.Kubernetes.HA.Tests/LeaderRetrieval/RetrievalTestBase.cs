using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.LeaderRetrieval;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.KubeClient.Watching;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>Retrieval of the dispatcher's leader of cluster "orders" from the in-memory API server.</summary>
public abstract class RetrievalTestBase : IAsyncDisposable
{
    private readonly HaMetrics _metrics = new();

    private protected RetrievalTestBase()
    {
        Server = new InMemoryApiServer(Time);
        Admin = Server.CreateClient();
        Watches = new SharedWatches(Server.CreateClient("follower"), Time, Logs, _metrics);
    }

    private protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private protected static Guid Session { get; } = Guid.Parse("0f6c1a52-8a61-4f57-9e9b-2f3ab04d57a1");

    private protected static ObjectKey Key { get; } = new("default", "orders-dispatcher-leader");

    private protected ManualTimeProvider Time { get; } = new();

    private protected CapturedLogs Logs { get; } = new();

    private protected InMemoryApiServer Server { get; }

    private protected IKubeClient Admin { get; }

    private protected SharedWatches Watches { get; }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Watches.DisposeAsync();
        Assert.Equal(0, Server.OpenWatches);
        Server.Dispose();
        _metrics.Dispose();
    }

    private protected static LeaderInformation Leader(string address, Guid? session = null, long token = 7) => new(session ?? Session, address) { FencingToken = token };

    private protected static string Lock(string? holder, string renewTime = "2025-01-01T00:00:00.000000Z") =>
        $$"""{"holderIdentity":{{(holder is null ? "null" : $"\"{holder}\"")}},"leaseDurationSeconds":15,"acquireTime":"2025-01-01T00:00:00.000000Z","renewTime":"{{renewTime}}","leaderTransitions":3}""";

    private protected static string Term(string holder, string? address, Guid? session = null) =>
        new TermRecord { HolderIdentity = holder, SessionId = session ?? Session, FencingToken = 7, Address = address }.ToJson();

    private protected LeaderRetrievalService CreateRetrieval(LeaderComponent? component = null, string clusterId = "orders") =>
        new(component ?? LeaderComponent.Dispatcher, "default", clusterId, Watches, Time, Logs, _metrics);

    private protected FlinkLeaderRetrievalService CreateFlinkRetrieval(LeaderComponent component) =>
        new(component, "default", "orders", Watches, Time, Logs, _metrics);

    /// <summary>Stores a leader's ConfigMap as a leader named "one" does.</summary>
    private protected Task HasLeaderAsync(string address, Guid? session = null) => PutAsync(Lock("one"), Term("one", address, session));

    private protected Task PutAsync(string? lockRecord, string? term, string? app = "orders")
    {
        var annotations = new Dictionary<string, string>();
        if (lockRecord is not null)
        {
            annotations[HaNames.LockAnnotation] = lockRecord;
        }

        if (term is not null)
        {
            annotations[HaNames.TermAnnotation] = term;
        }

        var labels = app is null ? null : new Dictionary<string, string> { [HaNames.AppLabel] = app };
        return PutAsync(new ConfigMap { Metadata = new ObjectMeta { Namespace = Key.Namespace, Name = Key.Name, Annotations = annotations, Labels = labels } });
    }

    private protected async Task PutAsync(ConfigMap item)
    {
        try
        {
            await Admin.ReplaceAsync(KubeResources.ConfigMaps, item, Cancelled);
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
            await Admin.CreateAsync(KubeResources.ConfigMaps, item, Cancelled);
        }
    }

    /// <summary>Lets everything that is under way come to its end.</summary>
    private protected Task SettleAsync() => Time.AdvanceAsync(TimeSpan.Zero, cancellationToken: Cancelled);
}
