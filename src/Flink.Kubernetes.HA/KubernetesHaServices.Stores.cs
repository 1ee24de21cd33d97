using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Maintenance;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.StateHandles.Writing;

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
    public Task<int> AdoptStateAsync(LeadershipTerm term, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(term);
        return new StateIdentity(TermWriter.Of(term), Storage).AdoptAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<JobRegistry<T>> OpenJobRegistryAsync<T>(
        LeadershipTerm term, IStateSerializer<T> serializer, JobRegistryOptions? options = null, CancellationToken cancellationToken = default) =>
        JobRegistry<T>.OpenAsync(term, Storage, serializer, options, cancellationToken);

    /// <inheritdoc/>
    public JobRegistryReader<T> ReadJobs<T>(IStateSerializer<T> serializer) => new(_requests, Namespace, ClusterId, Storage, serializer);

    /// <inheritdoc/>
    public Task<CompletedCheckpointStore<T>> OpenCheckpointStoreAsync<T>(
        LeadershipTerm term,
        IStateSerializer<T> serializer,
        CompletedCheckpointStoreOptions? options = null,
        CancellationToken cancellationToken = default) =>
        CompletedCheckpointStore<T>.OpenAsync(term, Storage, serializer, options, cancellationToken);

    /// <inheritdoc/>
    public CompletedCheckpointReader<T> ReadCheckpoints<T>(JobId jobId, IStateSerializer<T> serializer) =>
        new(ReaderOf(LeaderComponent.JobManager(jobId)), Storage, serializer);

    /// <inheritdoc/>
    public BlobStore OpenBlobStore(LeadershipTerm term) => BlobStore.Open(term, Storage);

    /// <inheritdoc/>
    public BlobReader ReadBlobs() => new(Storage, Namespace, ClusterId);

    /// <inheritdoc/>
    public ClusterCleanUp OpenClusterCleanUp(LeadershipTerm term, CleanUpOptions? options = null) => ClusterCleanUp.Open(term, Storage, options);

    /// <inheritdoc/>
    public Sweep CreateSweep(SweepOptions? options = null)
    {
        options?.Check();
        return new(_requests, Storage, Namespace, ClusterId, options, _timeProvider);
    }

    private ConfigMapReader ReaderOf(LeaderComponent component) => new(_requests, Namespace, ClusterId, component);
}
