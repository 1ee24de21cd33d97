using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>An API server and some replicas in simulated time; checks at the end that no two terms were ever live at once.</summary>
internal sealed class ElectionCluster : IAsyncDisposable
{
    public const string Namespace = "default";
    public const string ClusterId = "orders";

    private readonly ConcurrentBag<Lifetime> _lifetimes = [];

    public ElectionCluster()
    {
        Server = new InMemoryApiServer(Time);
        Admin = Server.CreateClient();
    }

    public ManualTimeProvider Time { get; } = new();

    public InMemoryApiServer Server { get; }

    public IKubeClient Admin { get; }

    public List<Replica> Replicas { get; } = [];

    public static ObjectKey Key { get; } = HaNames.LeaderConfigMap(Namespace, ClusterId, LeaderComponent.Dispatcher);

    /// <summary>Adds a replica and starts it.</summary>
    public Replica Start(string name, Action<Replica>? configure = null, LeaderElectionOptions? options = null, TimeProvider? clock = null, LeaderComponent? component = null)
    {
        var replica = new Replica(name, Server, Time, options, clock, component);
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

    public async Task<Replica> StartLeaderAsync(string name, Action<Replica>? configure = null)
    {
        var replica = Start(name, configure);
        await UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(1), $"{name} leads");
        return replica;
    }

    public Task AdvanceAsync(TimeSpan duration) => Time.AdvanceAsync(duration, cancellationToken: TestContext.Current.CancellationToken);

    public async Task UntilAsync(Func<bool> condition, TimeSpan limit, string what)
    {
        if (!await Time.AdvanceUntilAsync(condition, limit, cancellationToken: TestContext.Current.CancellationToken))
        {
            Assert.Fail($"Within {limit.TotalSeconds} s of simulated time it did not come about that {what}.\n"
                + string.Join('\n', Replicas.Select(r => $"--- {r.Name} {r.Failure}\n{r.Logs.Text}")));
        }
    }

    /// <summary>Runs something that needs the clock to go on.</summary>
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

    public Task<ConfigMap> ReadAsync() => Admin.GetAsync(KubeResources.ConfigMaps, Key, TestContext.Current.CancellationToken);

    public async Task<LeaderElectionRecord> ReadRecordAsync() => LeaderElectionRecord.Parse((await ReadAsync()).Metadata.Annotations?.GetValueOrDefault(HaNames.LockAnnotation));

    /// <summary>What someone else does to the ConfigMap.</summary>
    public Task EditAsync(JsonObject mergePatch) => Admin.PatchAsync(KubeResources.ConfigMaps, Key, KubePatch.Merge(mergePatch), TestContext.Current.CancellationToken);

    public Task EditLockAsync(string? annotation) =>
        EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.LockAnnotation] = annotation } } });

    public Task CreateAsync(string? lockAnnotation = null, IReadOnlyDictionary<string, string>? labels = null) => Admin.CreateAsync(
        KubeResources.ConfigMaps,
        new ConfigMap
        {
            Metadata = new ObjectMeta
            {
                Name = Key.Name,
                Namespace = Key.Namespace,
                Labels = labels,
                Annotations = lockAnnotation is null ? null : new Dictionary<string, string> { [HaNames.LockAnnotation] = lockAnnotation },
            },
        },
        TestContext.Current.CancellationToken);

    /// <summary>Leaves out the check at the end: for replicas that contend for different components.</summary>
    public void Forget() => _lifetimes.Clear();

    public async ValueTask DisposeAsync()
    {
        try
        {
            foreach (var replica in Replicas)
            {
                await WhileAdvancingAsync(replica.DisposeAsync().AsTask(), TimeSpan.FromMinutes(3));
                Assert.Null(replica.Failure);
            }

            AssertNoTwoLedAtOnce();
        }
        finally
        {
            Server.Dispose();
        }
    }

    private void AssertNoTwoLedAtOnce()
    {
        var lifetimes = _lifetimes.OrderBy(l => l.Term.FencingToken).ToList();
        foreach (var (earlier, later) in lifetimes.Zip(lifetimes.Skip(1)))
        {
            Assert.True(
                earlier.End <= later.Begin,
                $"{earlier.Name} (token {earlier.Term.FencingToken}, {earlier.Begin}-{earlier.End}) still led when {later.Name} (token {later.Term.FencingToken}) began at {later.Begin}.");
            Assert.True(later.Term.FencingToken > earlier.Term.FencingToken, "Fencing tokens only grow.");
            Assert.NotEqual(earlier.Term.SessionId, later.Term.SessionId);
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
