using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage.FileSystem;
using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.Benchmarks;

/// <summary>What an operation on HA metadata costs the API server, in a ConfigMap of 1 KB and of 900 KB, against the read-modify-write that Flink does.</summary>
internal static class MetadataBenchmark
{
    private const int Rounds = 20;

    public static async Task CostAsync(string kubeConfig)
    {
        Console.WriteLine("| ConfigMap | operation | this library: requests, sent, received | GET + PUT of the whole: requests, sent, received | time, p50 against p50 |\n|---|---|---|---|---|");
        foreach (var size in (int[])[1, 900])
        {
            await using var run = await Run.StartAsync(kubeConfig, size);
            var store = StateHandleStore.Open(run.Term, run.Storage, "jobGraph-");
            var content = Encoding.UTF8.GetBytes(new string('x', 100));
            var handle = await store.AddAsync("seed", content);
            var pointer = (await run.ReadAsync()).Data["jobGraph-seed"];

            await run.CompareAsync("add", i => store.AddAsync($"a{i}", content), i => run.UpdateAsync(data => data[$"f{i}"] = pointer));
            await run.CompareAsync(
                "replace",
                async i => handle = await store.ReplaceAsync(handle, content),
                i => run.UpdateAsync(data => data["f0"] = pointer + new string(' ', i + 1)));
            var handles = await store.Reader.ListAsync();
            await run.CompareAsync(
                "remove",
                i => store.RemoveAsync(handles[i]),
                async i =>
                {
                    // Mark, then drop: two cycles.
                    await run.UpdateAsync(data => data[$"f{i}"] = pointer + "deleting");
                    await run.UpdateAsync(data => data.Remove($"f{i}"));
                });
            var checkpoints = await CompletedCheckpointStore<string>.OpenAsync(run.Term, run.Job, run.Storage, run.Serializer);
            await checkpoints.AddAsync("first");
            await run.CompareAsync(
                "checkpoint (id, add, subsume the oldest)",
                i => checkpoints.AddAsync($"c{i}"),
                async i =>
                {
                    await run.UpdateAsync(data => data["counterOfFlink"] = $"{i + 1}");
                    await run.UpdateAsync(data => data[$"checkpointOfFlink-{i + 1}"] = pointer);
                    await run.UpdateAsync(data => data[$"checkpointOfFlink-{i}"] = pointer + "deleting");
                    await run.UpdateAsync(data => data.Remove($"checkpointOfFlink-{i}"));
                });
        }
    }

    /// <summary>From opening the store until all checkpoints are recovered and verified.</summary>
    public static async Task RecoveryAsync(string kubeConfig)
    {
        Samples.PrintHeader();
        foreach (var pointers in (int[])[1, 100, 1000])
        {
            await using var run = await Run.StartAsync(kubeConfig, 1);
            var options = new CompletedCheckpointStoreOptions { MaximumRetained = 1000 };
            var filling = await CompletedCheckpointStore<string>.OpenAsync(run.Term, run.Job, run.Storage, run.Serializer, options);
            for (var i = 0; i < pointers; i++)
            {
                await filling.AddAsync($"state {i}");
            }

            var samples = new Samples();
            for (var round = 0; round < Rounds; round++)
            {
                var before = TimeProvider.System.GetTimestamp();
                var store = await CompletedCheckpointStore<string>.OpenAsync(run.Term, run.Job, run.Storage, run.Serializer, options);
                samples.Add(TimeProvider.System.GetElapsedTime(before));
                if (store.All.Count != pointers)
                {
                    throw new InvalidOperationException($"{store.All.Count} of {pointers} were recovered.");
                }
            }

            samples.Print($"recovery of {pointers} checkpoint{(pointers > 1 ? "s" : string.Empty)}, data on a local disk");
        }
    }

    private sealed class Run : IAsyncDisposable
    {
        private readonly Cluster _cluster;
        private readonly KubernetesHaServices _services;
        private readonly IAsyncEnumerator<LeadershipTerm> _terms;
        private readonly k8s.Kubernetes _client;
        private readonly CountingHandler _counter;
        private readonly string _folder = Directory.CreateTempSubdirectory("ha-bench").FullName;

        private Run(Cluster cluster, KubernetesHaServices services, k8s.Kubernetes client, CountingHandler counter, IAsyncEnumerator<LeadershipTerm> terms)
        {
            (_cluster, _services, _client, _counter, _terms) = (cluster, services, client, counter, terms);
            Storage = new FileSystemStateStorage(new FileSystemStateStorageOptions { RootDirectory = _folder });
        }

        public JobId Job { get; private init; }

        public LeadershipTerm Term => _terms.Current;

        public FileSystemStateStorage Storage { get; }

        public JsonStateSerializer<string> Serializer { get; } = new((JsonTypeInfo<string>)System.Text.Json.JsonSerializerOptions.Default.GetTypeInfo(typeof(string)));

        private string Name => $"{_cluster.Id}-{LeaderComponent.JobManager(Job)}-leader";

        public static async Task<Run> StartAsync(string kubeConfig, int kilobytes)
        {
            var job = JobId.NewRandom();
            var cluster = new Cluster(kubeConfig);
            var counter = new CountingHandler();
            var client = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeConfig).CreateHaClient(handlers: counter);
            var options = new KubernetesHaOptions { ClusterId = cluster.Id, Namespace = Cluster.Namespace, Identity = "bench" };

            // One renewal in a long while: heartbeats are not what is measured.
            options.LeaderElection.LeaseDuration = TimeSpan.FromSeconds(1000);
            options.LeaderElection.RenewDeadline = TimeSpan.FromSeconds(900);
            options.LeaderElection.RetryPeriod = TimeSpan.FromSeconds(600);
            var services = new KubernetesHaServices(options, client);
            var terms = services.GetLeaderElection(LeaderComponent.JobManager(job)).ContendAsync().GetAsyncEnumerator();
            await terms.MoveNextAsync();
            var run = new Run(cluster, services, client, counter, terms) { Job = job };
            var filling = new JsonObject { ["data"] = new JsonObject { ["filling"] = new string('x', (kilobytes * 1024) - 700) } };
            await client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch(filling.ToJsonString(), V1Patch.PatchType.MergePatch), run.Name, Cluster.Namespace);
            return run;
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
            Console.WriteLine(FormattableString.Invariant($"| {size} | {operation} | {ourCost} | {wholeCost} | {ourTime:0.0} ms against {wholeTime:0.0} ms |"));
        }

        public async ValueTask DisposeAsync()
        {
            await _terms.DisposeAsync();
            await _services.DisposeAsync();
            _client.Dispose();
            await _cluster.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }

        private async Task<(string Cost, double Milliseconds)> MeasureAsync(Func<int, Task> operation)
        {
            var times = new List<double>();
            var before = _counter.Total;
            for (var i = 0; i < Rounds; i++)
            {
                var start = TimeProvider.System.GetTimestamp();
                await operation(i);
                times.Add(TimeProvider.System.GetElapsedTime(start).TotalMilliseconds);
            }

            var after = _counter.Total;
            times.Sort();
            return (
                FormattableString.Invariant($"{(double)(after.Requests - before.Requests) / Rounds:0.##}, {Bytes(after.Sent - before.Sent)}, {Bytes(after.Received - before.Received)}"),
                times[Rounds / 2]);
        }

        private static string Bytes(long total) => FormattableString.Invariant($"{total / Rounds / 1024.0:0.0} KB");
    }
}
