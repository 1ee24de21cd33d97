using System.Text;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.LeaderElection;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.Jobs;

/// <summary>A cluster in simulated time whose replicas lead the Dispatcher and a job, with faults on the way to the API server and to the storage.</summary>
internal sealed class StoreWorld : IAsyncDisposable
{
    public StoreWorld()
    {
        Data = new InMemoryStateStorage(Election.Time);
        Storage = new FaultInjectingStateStorage(Data, Election.Time);
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static JobId JobId { get; } = JobId.Parse("00000000000000000000000000000001");

    public static JobId OtherJob { get; } = JobId.Parse("00000000000000000000000000000002");

    public static LeaderComponent JobManager { get; } = LeaderComponent.JobManager(JobId);

    public static ObjectKey JobKey { get; } = KeyOf(JobManager);

    public ElectionCluster Election { get; } = new();

    public InMemoryStateStorage Data { get; }

    public FaultInjectingStateStorage Storage { get; }

    public IEnumerable<string> Keys => Data.Keys.Select(key => key.Value);

    public static ObjectKey KeyOf(LeaderComponent component) => HaNames.LeaderConfigMap(ElectionCluster.Namespace, ElectionCluster.ClusterId, component);

    public async Task<Replica> LeadAsync(LeaderComponent component, string name)
    {
        // Of several components several lead at once.
        var replica = Election.Start(name, component: component);
        await Election.UntilAsync(() => replica.Leads, TimeSpan.FromMinutes(1), $"{name} leads");
        Election.Forget();
        return replica;
    }

    public Task<T> RunAsync<T>(Func<Task<T>> run) => Election.WhileAdvancingAsync(Task.Run(run), TimeSpan.FromMinutes(30));

    public Task RunAsync(Func<Task> run) => Election.WhileAdvancingAsync(Task.Run(run), TimeSpan.FromMinutes(30));

    public Task<CompletedCheckpointStore<string>> OpenCheckpointsAsync(LeadershipTerm term, int retained = 1) => RunAsync(() =>
        CompletedCheckpointStore<string>.OpenAsync(term, JobId, Storage, Text.Serializer, new CompletedCheckpointStoreOptions { MaximumRetained = retained }, Token));

    public Task<JobGraphStore<string>> OpenJobsAsync(LeadershipTerm term) => RunAsync(() => JobGraphStore<string>.OpenAsync(term, Storage, Text.Serializer, Token));

    public CompletedCheckpointReader<string> ReadCheckpoints() => new(Election.Admin, Data, ElectionCluster.Namespace, ElectionCluster.ClusterId, JobId, Text.Serializer);

    public JobResultReader ReadResults() => new(Election.Admin, ElectionCluster.Namespace, ElectionCluster.ClusterId);

    public Sweep CreateSweep(TimeSpan? grace = null) => new(
        Election.Admin, Data, ElectionCluster.Namespace, ElectionCluster.ClusterId, grace is null ? null : new SweepOptions { GracePeriod = grace.Value }, Election.Time);

    public Task EditAsync(ObjectKey key, string entry, string? value) => Election.Admin.PatchAsync(
        KubeResources.ConfigMaps, key, KubePatch.Merge(new JsonObject { ["data"] = new JsonObject { [entry] = value } }), Token);

    public Task DeleteAsync(ObjectKey key) => Election.Admin.DeleteAsync(KubeResources.ConfigMaps, key, cancellationToken: Token);

    public async Task<ConfigMap?> FindAsync(ObjectKey key)
    {
        try
        {
            return await Election.Admin.GetAsync(KubeResources.ConfigMaps, key, Token);
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.NotFound)
        {
            return null;
        }
    }

    public ValueTask DisposeAsync()
    {
        Storage.Dispose();
        return Election.DisposeAsync();
    }

    public static class Text
    {
        public static IStateSerializer<string> Serializer { get; } = new TextSerializer();

        private sealed class TextSerializer : IStateSerializer<string>
        {
            public async ValueTask SerializeAsync(string value, Stream destination, CancellationToken cancellationToken = default) =>
                await destination.WriteAsync(Encoding.UTF8.GetBytes(value), cancellationToken);

            public async ValueTask<string> DeserializeAsync(Stream source, CancellationToken cancellationToken = default)
            {
                using var reader = new StreamReader(source, leaveOpen: true);
                return await reader.ReadToEndAsync(cancellationToken);
            }
        }
    }
}
