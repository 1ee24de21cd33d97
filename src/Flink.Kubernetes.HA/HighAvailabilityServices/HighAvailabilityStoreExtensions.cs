using Flink.Kubernetes.HA.Blobs;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.Jobs;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA;

/// <summary>Opens the stores: those that write from a term of leadership, those that read without one.</summary>
/// <remarks>
/// They need an <see cref="Storage.IStateStorage"/> (<c>services.AddFileSystemStateStorage(...)</c>), except for counters and job results; without one
/// they fail with an <see cref="InvalidOperationException"/> that says so.
/// </remarks>
public static class HighAvailabilityStoreExtensions
{
    /// <summary>Opens the job graphs, to write, from a term of <see cref="LeaderComponent.Dispatcher"/>; see <see cref="JobGraphStore{T}.OpenAsync"/>.</summary>
    /// <exception cref="StateLostException">There are job graphs in the storage, but the ConfigMap with their pointers was deleted by someone else.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    public static Task<JobGraphStore<T>> OpenJobGraphStoreAsync<T>(this IHighAvailabilityServices services, LeadershipTerm term, IStateSerializer<T> serializer, CancellationToken cancellationToken = default) =>
        JobGraphStore<T>.OpenAsync(term, Checked(services).Storage, serializer, cancellationToken);

    /// <summary>Reads the job graphs.</summary>
    public static JobGraphReader<T> ReadJobGraphs<T>(this IHighAvailabilityServices services, IStateSerializer<T> serializer) =>
        new(Checked(services).Client, services.Storage, services.Namespace, services.ClusterId, serializer);

    /// <summary>Opens the completed checkpoints of a job, to write, from a term of its JobManager, and recovers them; see <see cref="CompletedCheckpointStore{T}.OpenAsync"/>.</summary>
    /// <exception cref="CheckpointRecoveryException">A checkpoint can't be read; nothing was restored.</exception>
    /// <exception cref="StateLostException">There are checkpoints in the storage, but the ConfigMap with their pointers was deleted by someone else.</exception>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    public static Task<CompletedCheckpointStore<T>> OpenCheckpointStoreAsync<T>(
        this IHighAvailabilityServices services, LeadershipTerm term, JobId jobId, IStateSerializer<T> serializer, CompletedCheckpointStoreOptions? options = null, CancellationToken cancellationToken = default) =>
        CompletedCheckpointStore<T>.OpenAsync(term, jobId, Checked(services).Storage, serializer, options, cancellationToken);

    /// <summary>Reads the completed checkpoints of a job.</summary>
    public static CompletedCheckpointReader<T> ReadCheckpoints<T>(this IHighAvailabilityServices services, JobId jobId, IStateSerializer<T> serializer) =>
        new(Checked(services).Client, services.Storage, services.Namespace, services.ClusterId, jobId, serializer);

    /// <summary>Opens the counter of checkpoint ids of a job, from a term of its JobManager; a checkpoint store has it already.</summary>
    public static CheckpointIdCounter OpenCheckpointIdCounter(this IHighAvailabilityServices services, LeadershipTerm term, JobId jobId)
    {
        Checked(services);
        return CheckpointIdCounter.Open(term, jobId);
    }

    /// <summary>Opens the job results, to write, from a term of <see cref="LeaderComponent.Dispatcher"/>.</summary>
    public static JobResultStore OpenJobResultStore(this IHighAvailabilityServices services, LeadershipTerm term, int maximumCleanResults = JobResultStore.DefaultMaximumCleanResults)
    {
        Checked(services);
        return JobResultStore.Open(term, maximumCleanResults);
    }

    /// <summary>Reads the job results.</summary>
    public static JobResultReader ReadJobResults(this IHighAvailabilityServices services) => new(Checked(services).Client, services.Namespace, services.ClusterId);

    /// <summary>Tells which jobs are to run, run or have run.</summary>
    public static RunningJobs ReadRunningJobs(this IHighAvailabilityServices services) => new(Checked(services).Client, services.Namespace, services.ClusterId);

    /// <summary>Opens the blobs, to write, from a term of any component.</summary>
    public static BlobStore OpenBlobStore(this IHighAvailabilityServices services, LeadershipTerm term) => BlobStore.Open(term, Checked(services).Storage);

    /// <summary>Reads blobs.</summary>
    public static BlobReader ReadBlobs(this IHighAvailabilityServices services) => new(Checked(services).Storage, services.Namespace, services.ClusterId);

    /// <summary>Opens the clean-up of jobs that have ended, from a term of <see cref="LeaderComponent.Dispatcher"/>.</summary>
    public static JobCleanUp OpenJobCleanUp(this IHighAvailabilityServices services, LeadershipTerm term, CleanUpOptions? options = null) =>
        JobCleanUp.Open(term, Checked(services).Storage, results: null, options);

    /// <summary>Opens the clean-up of the whole cluster, from a term of <see cref="LeaderComponent.Dispatcher"/>.</summary>
    public static ClusterCleanUp OpenClusterCleanUp(this IHighAvailabilityServices services, LeadershipTerm term, CleanUpOptions? options = null) =>
        ClusterCleanUp.Open(term, Checked(services).Storage, options);

    /// <summary>Finds data that no pointer names.</summary>
    public static Sweep CreateSweep(this IHighAvailabilityServices services, SweepOptions? options = null) =>
        new(Checked(services).Client, services.Storage, services.Namespace, services.ClusterId, options, services.TimeProvider);

    private static IHighAvailabilityServices Checked(IHighAvailabilityServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services;
    }
}
