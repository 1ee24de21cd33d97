using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;
using Flink.Kubernetes.HA.Maintenance;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using k8s;

namespace Flink.Kubernetes.HA;

/// <summary>Provides the high-availability services of a control-plane process (Flink's <c>HighAvailabilityServices</c>).</summary>
/// <remarks>
/// <para>Stores that write are opened from a term of leadership, so only a leader can write. Readers need no leadership.</para>
/// <para>Stores with data need an <see cref="IStateStorage"/> (<c>services.AddFileSystemStateStorage(...)</c>); without one, opening them throws an
/// <see cref="InvalidOperationException"/> that says so.</para>
/// </remarks>
public interface IHighAvailabilityServices : IAsyncDisposable
{
    /// <summary>The ID of the cluster whose components are led.</summary>
    string ClusterId { get; }

    /// <summary>The namespace that holds the ConfigMaps.</summary>
    string Namespace { get; }

    /// <summary>The identity of this process in the locks.</summary>
    string Identity { get; }

    /// <summary>The client for requests to the API server.</summary>
    IKubernetes Client { get; }

    /// <summary>The storage of the data of all stores; the pointers to that data are in ConfigMaps.</summary>
    /// <exception cref="InvalidOperationException">No storage was registered.</exception>
    IStateStorage Storage { get; }

    /// <summary>Returns the election of a component: the same instance on every call until it is disposed, at the latest with these
    /// services.</summary>
    /// <exception cref="ObjectDisposedException">The services were disposed.</exception>
    ILeaderElectionService GetLeaderElection(LeaderComponent component);

    /// <summary>Returns the retrieval of a component's leader: the same instance on every call until it is disposed, at the latest with these
    /// services.</summary>
    /// <exception cref="ObjectDisposedException">The services were disposed.</exception>
    ILeaderRetrievalService GetLeaderRetrieval(LeaderComponent component);

    /// <summary>Follows the leaders of an Apache Flink cluster in the same namespace.</summary>
    /// <param name="clusterId">Flink's <c>kubernetes.cluster-id</c>.</param>
    /// <param name="layout">Where that version of Flink stores its leaders.</param>
    /// <exception cref="ArgumentException">The cluster ID is not valid.</exception>
    FlinkLeaders GetFlinkLeaders(string clusterId, FlinkHaLayout layout = FlinkHaLayout.ClusterConfigMap);

    /// <summary>Opens a store of custom entries in the ConfigMap of a term, and verifies that the data in the storage belongs to that
    /// ConfigMap.</summary>
    /// <param name="term">The term of leadership; the store can write as long as it lasts.</param>
    /// <param name="prefix">The prefix of the keys, such as <c>plan-</c>; no store's prefix may begin with another's.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="ArgumentException">The prefix is not valid in the key of a ConfigMap.</exception>
    /// <exception cref="StateLostException">The ConfigMap was deleted and re-created, and the storage still contains data; its being
    /// empty must not be taken for an empty store.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the store was opened.</exception>
    Task<StateHandleStore> OpenStateHandleStoreAsync(LeadershipTerm term, string prefix, CancellationToken cancellationToken = default);

    /// <summary>Creates a reader of the entries of a custom store.</summary>
    /// <param name="component">The component whose leader writes the entries.</param>
    /// <param name="prefix">The prefix of the keys.</param>
    /// <exception cref="ArgumentException">The prefix is not valid in the key of a ConfigMap.</exception>
    StateHandleReader ReadStateHandles(LeaderComponent component, string prefix);

    /// <summary>Accepts the pointers of a copied ConfigMap: those that lead to data of the ConfigMap that it was copied from, such as that of
    /// another job, cluster or namespace.</summary>
    /// <remarks>Stores of a copy open only after this, because it must be on purpose: the data is read from then on, and never deleted by the copy.
    /// Keep the original and its data as long as the copy needs them.</remarks>
    /// <param name="term">A term of the component whose ConfigMap is a copy.</param>
    /// <param name="cancellationToken">A token to cancel the operation; calling this again adopts the rest.</param>
    /// <returns>The number of pointers that were adopted.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost; the next leader can adopt the rest.</exception>
    Task<int> AdoptStateAsync(LeadershipTerm term, CancellationToken cancellationToken = default);

    /// <summary>Opens the registry of jobs from a term of <see cref="LeaderComponent.Dispatcher"/>.</summary>
    /// <exception cref="StateLostException">The storage contains job graphs, but someone else deleted the ConfigMap with their pointers.</exception>
    /// <exception cref="StateHandleException">The ConfigMap is a copy: it has pointers to data of another one.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the registry was opened.</exception>
    Task<JobRegistry<T>> OpenJobRegistryAsync<T>(
        LeadershipTerm term, IStateSerializer<T> serializer, JobRegistryOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Creates a reader of the registry of jobs.</summary>
    JobRegistryReader<T> ReadJobs<T>(IStateSerializer<T> serializer);

    /// <summary>Opens the store of a job's completed checkpoints from a term of its JobManager, and recovers the checkpoints.</summary>
    /// <exception cref="JobFinishedException">The job has ended and must not run again.</exception>
    /// <exception cref="CheckpointRecoveryException">The data of a checkpoint is missing, damaged or not understood; nothing was
    /// recovered.</exception>
    /// <exception cref="StateLostException">The storage contains checkpoints, but someone else deleted the ConfigMap with their pointers.</exception>
    /// <exception cref="StateHandleException">The ConfigMap is a copy, or a pointer or the counter cannot be read.</exception>
    /// <exception cref="StateStorageException">The storage could not be read, after several attempts.</exception>
    /// <exception cref="LeadershipLostException">Leadership was lost before the store was opened.</exception>
    Task<CompletedCheckpointStore<T>> OpenCheckpointStoreAsync<T>(
        LeadershipTerm term,
        IStateSerializer<T> serializer,
        CompletedCheckpointStoreOptions? options = null,
        CancellationToken cancellationToken = default);

    /// <summary>Creates a reader of the completed checkpoints of a job.</summary>
    CompletedCheckpointReader<T> ReadCheckpoints<T>(JobId jobId, IStateSerializer<T> serializer);

    /// <summary>Opens the blob store from a term of any component.</summary>
    BlobStore OpenBlobStore(LeadershipTerm term);

    /// <summary>Creates a reader of blobs.</summary>
    BlobReader ReadBlobs();

    /// <summary>Opens the clean-up of the entire cluster from a term of <see cref="LeaderComponent.Dispatcher"/>.</summary>
    ClusterCleanUp OpenClusterCleanUp(LeadershipTerm term, CleanUpOptions? options = null);

    /// <summary>Creates a sweep, which finds data that no pointer refers to.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The grace period is shorter than an hour.</exception>
    Sweep CreateSweep(SweepOptions? options = null);
}
