using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.WireFormat;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flink.Kubernetes.HA.TestInfrastructure.Worlds;

/// <summary>A cluster in simulated time: an API server, a storage, a clock and any number of replicas, with faults on the way to each.</summary>
/// <remarks>Its end checks that no two terms were ever live at once, unless a test said that they may.</remarks>
internal sealed partial class HaWorld : IAsyncDisposable
{
    public const string Namespace = "default";
    public const string ClusterId = "orders";

    private readonly ConcurrentBag<Lifetime> _lifetimes = [];
    private readonly AsyncLocal<bool> _isRunning = new();
    private readonly HaMetrics _metrics = new();
    private readonly k8s.Kubernetes _admin;

    public HaWorld()
    {
        Server = new InMemoryApiServer(Time);
        _admin = Server.CreateClient();
        Requests = new ConfigMapRequests(_admin, TimeSpan.FromSeconds(10), maxRetries: 0, Time, NullLogger.Instance, _metrics);
        Data = new InMemoryStateStorage(Time);
        Storage = new FaultInjectingStateStorage(Data, Time);
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The Dispatcher's ConfigMap.</summary>
    public static ObjectKey Key { get; } = KeyOf(LeaderComponent.Dispatcher);

    public ManualTimeProvider Time { get; } = new();

    public InMemoryApiServer Server { get; }

    /// <summary>The official client of somebody who may do everything.</summary>
    public k8s.IKubernetes Admin => _admin;

    /// <summary>How the replicas and followers that are started from here on watch.</summary>
    public WatchSettings Watches { get; private set; } = WatchSettings.Default;

    public bool IsWatchedByLabel => Watches.MostByName == 0;

    /// <summary>The same as this library asks.</summary>
    public ConfigMapRequests Requests { get; }

    /// <summary>The data as it is, without faults.</summary>
    public InMemoryStateStorage Data { get; }

    /// <summary>The data as replicas reach it.</summary>
    public FaultInjectingStateStorage Storage { get; }

    public List<Replica> Replicas { get; } = [];

    public IEnumerable<string> DataKeys => Data.Keys.Select(key => key.Value);

    public static ObjectKey KeyOf(LeaderComponent component) => HaNames.LeaderConfigMap(Namespace, ClusterId, component);

    public static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>Has the replicas and followers that are started from here on watch the cluster by its labels, however few ConfigMaps they want.</summary>
    public void WatchByLabel() => Watches = Watches with { MostByName = 0 };

    /// <summary>Adds a replica and starts it.</summary>
    public Replica Start(string name, Action<Replica>? configure = null, LeaderElectionOptions? options = null, TimeProvider? clock = null, LeaderComponent? component = null)
    {
        var replica = new Replica(name, Server, Time, options, clock, component, Watches);
        configure?.Invoke(replica);
        var work = replica.Work;
        replica.Work = async term =>
        {
            var lifetime = new Lifetime(name, term, Time.GetTimestamp());
            _lifetimes.Add(lifetime);
            term.Lost.UnsafeRegister(_ => lifetime.End = Time.GetTimestamp(), null);
            await work(term);
        };
        Replicas.Add(replica);
        return replica.Start();
    }

    public async Task<Replica> StartLeaderAsync(string name, Action<Replica>? configure = null, LeaderElectionOptions? options = null)
    {
        var replica = Start(name, configure, options);
        await UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(1), $"{name} leads");
        return replica;
    }

    /// <summary>Starts a replica of one component of several: then several lead at once.</summary>
    public async Task<Replica> LeadAsync(LeaderComponent component, string name)
    {
        var replica = Start(name, component: component);
        await UntilAsync(() => replica.Leads, TimeSpan.FromMinutes(1), $"{name} leads");
        Forget();
        return replica;
    }

    public Task AdvanceAsync(TimeSpan duration) => Time.AdvanceAsync(duration, cancellationToken: Token);

    public async Task UntilAsync(Func<bool> condition, TimeSpan limit, string what)
    {
        var isMet = await Time.AdvanceUntilAsync(condition, limit, cancellationToken: Token);
        isMet.Should().BeTrue(
            "within {0} s of simulated time it should be that {1}\n{2}",
            limit.TotalSeconds,
            what,
            string.Join('\n', Replicas.Select(r => $"--- {r.Name} {r.Failure}\n{r.Logs.Text}")).Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal));
    }

    /// <summary>Runs something that needs the clock to move.</summary>
    public async Task<T> WhileAdvancingAsync<T>(Task<T> task, TimeSpan? limit = null)
    {
        await UntilAsync(() => task.IsCompleted, limit ?? TimeSpan.FromMinutes(1), "the task ended");
        return await task;
    }

    public async Task WhileAdvancingAsync(Task task, TimeSpan? limit = null)
    {
        await UntilAsync(() => task.IsCompleted, limit ?? TimeSpan.FromMinutes(1), "the task ended");
        await task;
    }

    /// <summary>Runs an operation on the thread pool while the clock moves, for up to half an hour of simulated time.</summary>
    /// <remarks>Within another operation that is run so it only runs: the clock has one mover.</remarks>
    public Task<T> RunAsync<T>(Func<Task<T>> run) => _isRunning.Value ? run() : WhileAdvancingAsync(Task.Run(() => Mark(run)), TimeSpan.FromMinutes(30));

    public Task RunAsync(Func<Task> run) => _isRunning.Value ? run() : WhileAdvancingAsync(Task.Run(() => Mark(run)), TimeSpan.FromMinutes(30));

    /// <summary>Leaves out the check at the end: for replicas of different components, and for locks that were torn from their holders.</summary>
    public void Forget() => _lifetimes.Clear();

    public async ValueTask DisposeAsync()
    {
        try
        {
            foreach (var replica in Replicas)
            {
                await WhileAdvancingAsync(replica.DisposeAsync().AsTask(), TimeSpan.FromMinutes(3));
                replica.Failure.Should().BeNull();
            }

            AssertNoTwoLedAtOnce();
        }
        finally
        {
            Storage.Dispose();
            _admin.Dispose();
            _metrics.Dispose();
            Server.Dispose();
        }
    }

    private TTask Mark<TTask>(Func<TTask> run)
    {
        _isRunning.Value = true;
        return run();
    }

    private void AssertNoTwoLedAtOnce()
    {
        var lifetimes = _lifetimes.OrderBy(l => l.Term.FencingToken).ToList();
        foreach (var (earlier, later) in lifetimes.Zip(lifetimes.Skip(1)))
        {
            earlier.End.Should().BeLessThanOrEqualTo(
                later.Begin,
                "{0} (token {1}) must not lead any more when {2} (token {3}) begins",
                earlier.Name,
                earlier.Term.FencingToken,
                later.Name,
                later.Term.FencingToken);
            later.Term.FencingToken.Should().BeGreaterThan(earlier.Term.FencingToken);
            later.Term.SessionId.Should().NotBe(earlier.Term.SessionId);
        }
    }

    private sealed class Lifetime(string name, LeadershipTerm term, long begin)
    {
        public string Name => name;

        public LeadershipTerm Term => term;

        public long Begin => begin;

        public long End { get; set; } = long.MaxValue;
    }
}
