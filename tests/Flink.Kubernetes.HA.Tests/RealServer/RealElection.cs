using System.Globalization;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;
using Flink.Kubernetes.HA.Tests.ApiServer;

namespace Flink.Kubernetes.HA.Tests.RealServer;

/// <summary>A component of one cluster on a real API server, as a follower and as tests of contenders see it.</summary>
internal sealed class RealElection : IAsyncDisposable
{
    public const string ClusterId = "orders";

    private readonly List<KubernetesHaServices> _processes = [];

    private RealElection(RealApiServer server, TestNamespace space)
    {
        Server = server;
        Namespace = space.Name;
        Client = server.CreateClient();
        Follower = CreateServices("follower");
    }

    public RealApiServer Server { get; }

    public string Namespace { get; }

    public HttpKubeClient Client { get; }

    public KubernetesHaServices Follower { get; }

    public static LeaderComponent Component { get; } = LeaderComponent.Custom("scheduler");

    public ObjectKey Key => new(Namespace, $"{ClusterId}-{Component}-leader");

    public ILeaderRetrievalService Retrieval => Follower.GetLeaderRetrieval(Component);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static async Task<RealElection> StartAsync(RealApiServer server) => new(server, await server.CreateNamespaceAsync(Cancelled));

    /// <summary>What one process of a user's has.</summary>
    public KubernetesHaServices CreateServices(string name, IKubeClient? client = null, Action<LeaderElectionOptions>? times = null)
    {
        var options = new KubernetesHaOptions { ClusterId = ClusterId, Namespace = Namespace, Identity = name, KubeConfigPath = Server.KubeConfigPath };
        times?.Invoke(options.LeaderElection);
        var services = new KubernetesHaServices(options, client, loggerFactory: Logs);
        _processes.Add(services);
        return services;
    }

    public RecordingLoggerFactory Logs { get; } = new();

    public Task<ConfigMap> ReadAsync() => Client.GetAsync(KubeResources.ConfigMaps, Key, Cancelled);

    /// <summary>Waits until the follower hears of a leader that fits.</summary>
    public async Task<LeaderInformation> HearAsync(Func<LeaderInformation, bool> fits, TimeSpan? limit = null)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        stop.CancelAfter(limit ?? TimeSpan.FromSeconds(30));
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
        [.. (await ReadAsync()).Data!
            .Where(entry => entry.Key.StartsWith("term-", StringComparison.Ordinal))
            .Select(entry => TermEntry.Parse(entry.Key, entry.Value))
            .OrderBy(entry => entry.Token)];

    /// <summary>Writes that the fence refused although their process believed that it led: token and moment.</summary>
    public async Task<IReadOnlyList<(long Token, long BelievedAt)>> ReadRefusalsAsync()
    {
        try
        {
            var refused = await Client.GetAsync(KubeResources.ConfigMaps, Key with { Name = $"{ClusterId}-{Component}-refused" }, Cancelled);
            return [.. refused.Data!.Select(e => (Number(e.Key.Split('-')[1]), Number(e.Value.Split(' ')[1])))];
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
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

        await Client.DisposeAsync();
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
}
