using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage.FileSystem;
using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.Benchmarks.Scenarios;

/// <summary>What an operation on HA metadata costs the API server, in a ConfigMap of 1 KB and of 900 KB, against the read-modify-write that Flink does.</summary>
internal static class Metadata
{
    public static async Task CostAsync(Run run, int rounds)
    {
        var rows = new List<string[]>();
        foreach (var size in (int[])[1, 900])
        {
            await using var session = await Session.StartAsync(run.KubeConfig, size, rounds, rows);
            var store = await StateHandleStore.OpenAsync(session.Term, session.Storage, "jobGraph-");
            var content = Encoding.UTF8.GetBytes(new string('x', 100));
            var handle = await store.AddAsync("seed", content);
            var pointer = (await session.ReadAsync()).Data["jobGraph-seed"];

            await session.CompareAsync("add", i => store.AddAsync($"a{i}", content), i => session.UpdateAsync(data => data[$"f{i}"] = pointer));
            await session.CompareAsync(
                "replace",
                async i => handle = await store.ReplaceAsync(handle, content),
                i => session.UpdateAsync(data => data["f0"] = pointer + new string(' ', i + 1)));
            var handles = await store.Reader.ListAsync();
            await session.CompareAsync(
                "remove",
                i => store.RemoveAsync(handles[i]),
                async i =>
                {
                    // Mark, then drop: two cycles.
                    await session.UpdateAsync(data => data[$"f{i}"] = pointer + "deleting");
                    await session.UpdateAsync(data => data.Remove($"f{i}"));
                });
            var checkpoints = await CompletedCheckpointStore<string>.OpenAsync(session.Term, session.Storage, session.Serializer);
            await checkpoints.AddAsync("first");
            await session.CompareAsync(
                "checkpoint (id, add, subsume the oldest)",
                i => checkpoints.AddAsync($"c{i}"),
                async i =>
                {
                    await session.UpdateAsync(data => data["counterOfFlink"] = $"{i + 1}");
                    await session.UpdateAsync(data => data[$"checkpointOfFlink-{i + 1}"] = pointer);
                    await session.UpdateAsync(data => data[$"checkpointOfFlink-{i}"] = pointer + "deleting");
                    await session.UpdateAsync(data => data.Remove($"checkpointOfFlink-{i}"));
                });
        }

        run.Report.Table(["ConfigMap", "operation", "this library: requests, sent, received", "GET + PUT of the whole, as Flink does", "time p50", "GET + PUT p50", "× this library"], rows);
    }

    /// <summary>From opening the store until all checkpoints are recovered and verified.</summary>
    public static async Task RecoveryAsync(Run run, int rounds)
    {
        var rows = new List<string[]>();
        foreach (var pointers in (int[])[1, 100, 1000])
        {
            await using var session = await Session.StartAsync(run.KubeConfig, 1, rounds, rows);
            var options = new CompletedCheckpointStoreOptions { MaximumRetained = 1000 };
            var filling = await CompletedCheckpointStore<string>.OpenAsync(session.Term, session.Storage, session.Serializer, options);
            for (var i = 0; i < pointers; i++)
            {
                await filling.AddAsync($"state {i}");
            }

            var samples = new Samples();
            for (var round = 0; round < rounds; round++)
            {
                var begin = Clock.Now;
                var store = await CompletedCheckpointStore<string>.OpenAsync(session.Term, session.Storage, session.Serializer, options);
                samples.Add(Clock.Now - begin);
                if (store.All.Count != pointers)
                {
                    throw new InvalidOperationException($"{store.All.Count} of {pointers} were recovered.");
                }
            }

            rows.Add([$"{pointers}", .. samples.Cells()]);
        }

        run.Report.Table(["checkpoints", "n", "p50", "mean", "p99", "max"], rows);
    }

    private sealed class Session : IAsyncDisposable
    {
        private readonly Cluster _cluster;
        private readonly KubernetesHaServices _services;
        private readonly IAsyncEnumerator<LeadershipTerm> _terms;
        private readonly k8s.Kubernetes _client;
        private readonly CountingHandler _counter;
        private readonly string _folder = Directory.CreateTempSubdirectory("ha-bench").FullName;

        private Session(Cluster cluster, KubernetesHaServices services, k8s.Kubernetes client, CountingHandler counter, IAsyncEnumerator<LeadershipTerm> terms)
        {
            (_cluster, _services, _client, _counter, _terms) = (cluster, services, client, counter, terms);
            Storage = new FileSystemStateStorage(new FileSystemStateStorageOptions { RootDirectory = _folder });
        }

        public JobId Job { get; private init; }

        private int Rounds { get; init; }

        private List<string[]> Rows { get; init; } = [];

        public LeadershipTerm Term => _terms.Current;

        public FileSystemStateStorage Storage { get; }

        public JsonStateSerializer<string> Serializer { get; } = new((JsonTypeInfo<string>)System.Text.Json.JsonSerializerOptions.Default.GetTypeInfo(typeof(string)));

        private string Name => $"{_cluster.Id}-{LeaderComponent.JobManager(Job)}-leader";

        public static async Task<Session> StartAsync(string kubeConfig, int kilobytes, int rounds, List<string[]> rows)
        {
            var job = JobId.NewRandom();
            var cluster = new Cluster(kubeConfig);
            var counter = new CountingHandler(bodies: true);
            var client = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeConfig).CreateHaClient(handlers: counter);
            var options = new KubernetesHaOptions { ClusterId = cluster.Id, Namespace = Cluster.Namespace, Identity = "bench" };

            // One renewal in a long while: heartbeats are not what is measured.
            options.LeaderElection.LeaseDuration = TimeSpan.FromSeconds(1000);
            options.LeaderElection.RenewDeadline = TimeSpan.FromSeconds(900);
            options.LeaderElection.RetryPeriod = TimeSpan.FromSeconds(600);
            var services = new KubernetesHaServices(options, client);
            var terms = services.GetLeaderElection(LeaderComponent.JobManager(job)).ContendAsync().GetAsyncEnumerator();
            await terms.MoveNextAsync();
            var session = new Session(cluster, services, client, counter, terms) { Job = job, Rounds = rounds, Rows = rows };
            var filling = new JsonObject { ["data"] = new JsonObject { ["filling"] = new string('x', (kilobytes * 1024) - 700) } };
            await client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch(filling.ToJsonString(), V1Patch.PatchType.MergePatch), session.Name, Cluster.Namespace);
            return session;
        }

        public Task<V1ConfigMap> ReadAsync() => _client.CoreV1.ReadNamespacedConfigMapAsync(Name, Cluster.Namespace);

        /// <summary>Flink's transaction: GET, change, PUT locked to the resource version, the whole object both ways each time.</summary>
        public async Task UpdateAsync(Action<Dictionary<string, string>> change)
        {
            var configMap = await ReadAsync();
            var data = new Dictionary<string, string>(configMap.Data);
            change(data);
            configMap.Data = data;
            await _client.CoreV1.ReplaceNamespacedConfigMapAsync(configMap, Name, Cluster.Namespace);
        }

        public async Task CompareAsync(string operation, Func<int, Task> ours, Func<int, Task> whole)
        {
            var (ourCost, ourTime) = await MeasureAsync(ours);
            var (wholeCost, wholeTime) = await MeasureAsync(whole);
            var size = (await ReadAsync()).Data["filling"].Length > 10_000 ? "900 KB" : "1 KB";
            Rows.Add([size, operation, ourCost, wholeCost, Samples.Text(ourTime), Samples.Text(wholeTime), Samples.Ratio(wholeTime, ourTime)]);
        }

        public async ValueTask DisposeAsync()
        {
            await _terms.DisposeAsync();
            await _services.DisposeAsync();
            _client.Dispose();
            await _cluster.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }

        private async Task<(string Cost, double Time)> MeasureAsync(Func<int, Task> operation)
        {
            var times = new Samples();
            var before = _counter.Total;
            for (var i = 0; i < Rounds; i++)
            {
                var begin = Clock.Now;
                await operation(i);
                times.Add(Clock.Now - begin);
            }

            var after = _counter.Total;
            return (
                FormattableString.Invariant($"{(double)(after.Requests - before.Requests) / Rounds:0.##}, {Bytes(after.Sent - before.Sent)}, {Bytes(after.Received - before.Received)}"),
                times.P50);
        }

        private string Bytes(long total) => FormattableString.Invariant($"{total / Rounds / 1024.0:0.0} KB");
    }
}
