using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderRetrieval;
using k8s.Models;

namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>A component of one cluster on a real API server, as a follower and as tests of contenders see it.</summary>
internal sealed class RealElection : IAsyncDisposable
{
    public const string ClusterId = "orders";

    private readonly List<KubernetesHaServices> _processes = [];
    private readonly HaMetrics _metrics = new();
    private IAsyncDisposable? _listening;

    private RealElection(RealApiServer server, TestNamespace space)
    {
        Server = server;
        Namespace = space.Name;
        Client = Connect();
        Requests = new ConfigMapRequests(Client, TimeSpan.FromSeconds(10), maxRetries: 4, TimeProvider.System, Logs, _metrics);
        Follower = CreateServices("follower");
    }

    public RealApiServer Server { get; }

    public string Namespace { get; }

    /// <summary>A hardened client of somebody who may do everything.</summary>
    public k8s.Kubernetes Client { get; }

    public ConfigMapRequests Requests { get; }

    public KubernetesHaServices Follower { get; }

    public static LeaderComponent Component { get; } = LeaderComponent.Custom("scheduler");

    public ObjectKey Key => new(Namespace, $"{ClusterId}-{Component}-leader");

    /// <summary>The follower's retrieval, which has a listener from its first use on: a watch is open while somebody reads.</summary>
    public ILeaderRetrievalService Retrieval
    {
        get
        {
            var retrieval = Follower.GetLeaderRetrieval(Component);
            _listening ??= retrieval.AddListener(new Silent());
            return retrieval;
        }
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<RealElection> StartAsync(RealApiServer server) => new(server, await server.CreateNamespaceAsync(Cancelled));

    /// <summary>What one process of a user's has.</summary>
    public KubernetesHaServices CreateServices(string name, k8s.IKubernetes? client = null, Action<LeaderElectionOptions>? times = null)
    {
        var options = new KubernetesHaOptions { ClusterId = ClusterId, Namespace = Namespace, Identity = name, KubeConfigPath = Server.KubeConfigPath };
        times?.Invoke(options.LeaderElection);
        var services = new KubernetesHaServices(options, client, loggerFactory: Logs);
        _processes.Add(services);
        return services;
    }

    public RecordingLoggerFactory Logs { get; } = new();

    /// <summary>A new hardened client, with handlers on the way; the caller disposes it.</summary>
    public k8s.Kubernetes Connect(params DelegatingHandler[] handlers) => Server.CreateConfiguration().CreateHaClient(handlers: handlers);

    /// <summary>Changes the ConfigMap as kubectl does.</summary>
    public async Task EditAsync(JsonObject mergePatch)
    {
        var patch = new V1Patch(mergePatch.ToJsonString(), V1Patch.PatchType.MergePatch);
        using var response = await Client.CoreV1.PatchNamespacedConfigMapWithHttpMessagesAsync(patch, Key.Name, Key.Namespace, cancellationToken: Cancelled);
    }

    public Task<ConfigMap> ReadAsync() => Requests.GetAsync(Key, metadataOnly: false, Cancelled);

    /// <summary>Waits until the follower hears of a leader that fits.</summary>
    public async Task<LeaderInformation> HearAsync(Func<LeaderInformation, bool> fits, TimeSpan? limit = null)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        stop.CancelAfter(limit ?? TimeSpan.FromSeconds(60));
        await foreach (var leader in Retrieval.WatchAsync(stop.Token))
        {
            if (leader is not null && fits(leader))
            {
                return leader;
            }
        }

        throw new InvalidOperationException("The watch has ended.");
    }

    /// <summary>The terms that the agents have written, fenced, into the ConfigMap, in the order of their tokens.</summary>
    public async Task<IReadOnlyList<TermEntry>> ReadHistoryAsync() =>
        [.. (await ReadAsync()).Data
            .Where(entry => entry.Key.StartsWith("term-", StringComparison.Ordinal))
            .Select(entry => TermEntry.Parse(entry.Key, entry.Value))
            .OrderBy(entry => entry.Token)];

    /// <summary>Writes that the fence refused although their process believed that it led: token and moment.</summary>
    public async Task<IReadOnlyList<(long Token, long BelievedAt)>> ReadRefusalsAsync()
    {
        try
        {
            var refused = await Requests.GetAsync(Key with { Name = $"{ClusterId}-{Component}-refused" }, metadataOnly: false, Cancelled);
            return [.. refused.Data.Select(e => (Number(e.Key.Split('-')[1]), Number(e.Value.Split(' ')[1])))];
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            return [];
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        Client.Dispose();
        _metrics.Dispose();
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    /// <param name="Token">The fencing token of the term.</param>
    /// <param name="Name">The process.</param>
    /// <param name="Begin">The first moment in which it believed that it led, by the machine's monotonic clock.</param>
    /// <param name="Last">The last such moment that it has written.</param>
    /// <param name="Writes">How often it has written.</param>
    internal sealed record TermEntry(long Token, string Name, long Begin, long Last, long Writes)
    {
        public static TermEntry Parse(string key, string value)
        {
            var parts = value.Split(' ');
            return new TermEntry(Number(key["term-".Length..]), parts[0], Number(parts[1]), Number(parts[2]), Number(parts[3]));
        }
    }

    private sealed class Silent : ILeaderRetrievalListener
    {
        public ValueTask OnLeaderChangedAsync(LeaderInformation? leader, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask OnErrorAsync(Exception exception, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
