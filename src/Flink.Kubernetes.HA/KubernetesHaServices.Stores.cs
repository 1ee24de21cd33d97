using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA;

/// <content>Opens and reads the stores.</content>
public sealed partial class KubernetesHaServices
{
    /// <inheritdoc/>
    public Task<StateHandleStore> OpenStateHandleStoreAsync(LeadershipTerm term, string prefix, CancellationToken cancellationToken = default) =>
        StateHandleStore.OpenAsync(term, Storage, prefix, cancellationToken);

    /// <inheritdoc/>
    public StateHandleReader ReadStateHandles(LeaderComponent component, string prefix)
    {
        ArgumentNullException.ThrowIfNull(component);
        return new(ReaderOf(component), Storage, prefix);
    }

    /// <inheritdoc/>
    public Task<JobGraphStore<T>> OpenJobGraphStoreAsync<T>(
        LeadershipTerm term, IStateSerializer<T> serializer, CancellationToken cancellationToken = default) =>
        JobGraphStore<T>.OpenAsync(term, Storage, serializer, cancellationToken);

    /// <inheritdoc/>
    public JobGraphReader<T> ReadJobGraphs<T>(IStateSerializer<T> serializer) => new(ReaderOf(LeaderComponent.Dispatcher), Storage, serializer);

    /// <inheritdoc/>
    public Task<CompletedCheckpointStore<T>> OpenCheckpointStoreAsync<T>(
        LeadershipTerm term,
        JobId jobId,
        IStateSerializer<T> serializer,
        CompletedCheckpointStoreOptions? options = null,
        CancellationToken cancellationToken = default) =>
        CompletedCheckpointStore<T>.OpenAsync(term, jobId, Storage, serializer, options, cancellationToken);

    /// <inheritdoc/>
    public CompletedCheckpointReader<T> ReadCheckpoints<T>(JobId jobId, IStateSerializer<T> serializer) =>
        new(ReaderOf(LeaderComponent.JobManager(jobId)), Storage, serializer);

    /// <inheritdoc/>
    public CheckpointIdCounter OpenCheckpointIdCounter(LeadershipTerm term, JobId jobId) => CheckpointIdCounter.Open(term, jobId);

    /// <inheritdoc/>
    public JobResultStore OpenJobResultStore(LeadershipTerm term, int maximumCleanResults = JobResultStore.DefaultMaximumCleanResults) =>
        JobResultStore.Open(term, maximumCleanResults);

    /// <inheritdoc/>
    public JobResultReader ReadJobResults() => new(ReaderOf(LeaderComponent.Dispatcher));

    /// <inheritdoc/>
    public RunningJobs ReadRunningJobs() => new(_requests, Namespace, ClusterId);

    /// <inheritdoc/>
    public BlobStore OpenBlobStore(LeadershipTerm term) => BlobStore.Open(term, Storage);

    /// <inheritdoc/>
    public BlobReader ReadBlobs() => new(Storage, Namespace, ClusterId);

    /// <inheritdoc/>
    public JobCleanUp OpenJobCleanUp(LeadershipTerm term, CleanUpOptions? options = null) => JobCleanUp.Open(term, Storage, results: null, options);

    /// <inheritdoc/>
    public ClusterCleanUp OpenClusterCleanUp(LeadershipTerm term, CleanUpOptions? options = null) => ClusterCleanUp.Open(term, Storage, options);

    /// <inheritdoc/>
    public Sweep CreateSweep(SweepOptions? options = null) => new(_requests, Storage, Namespace, ClusterId, options, _timeProvider);

    private ConfigMapReader ReaderOf(LeaderComponent component) => new(_requests, HaNames.LeaderConfigMap(Namespace, ClusterId, component));
}
