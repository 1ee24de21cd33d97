using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.S3;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.FileSystem;

namespace ApplicationCluster;

/// <summary>What director and replicas agree on.</summary>
internal static class Cluster
{
    /// <summary>The one job of this application cluster.</summary>
    public static JobId Job { get; } = JobId.Parse("00000000000000000000000000000001");

    public static IReadOnlyList<(string Title, LeaderComponent Component)> Components { get; } =
    [
        ("ResourceManager", LeaderComponent.ResourceManager),
        ("Dispatcher", LeaderComponent.Dispatcher),
        ("RestEndpoint", LeaderComponent.RestEndpoint),
        ("JobManager", LeaderComponent.JobManager(Job)),
    ];

    public static string Address(Settings settings, LeaderComponent component) => $"http://{settings.Name}/{component}";

    public static IStateStorage CreateStorage(Settings settings) => settings.S3Bucket is { } bucket
        ? new S3StateStorage(new S3StateStorageOptions { BucketName = bucket, ServiceUrl = settings.S3Endpoint, ForcePathStyle = settings.S3Endpoint is not null })
        : new FileSystemStateStorage(new FileSystemStateStorageOptions { RootDirectory = settings.Storage!, CreateRootDirectory = true });

    /// <summary>Applies the settings; a short lease, so that the demonstration is over soon. Keep the defaults in production.</summary>
    public static void Configure(KubernetesHaOptions options, Settings settings)
    {
        options.ClusterId = settings.ClusterId;
        options.Namespace = settings.Namespace;
        options.KubeConfigPath = settings.KubeConfig;
        options.LeaderElection.LeaseDuration = settings.Lease;
        options.LeaderElection.RenewDeadline = settings.Lease * 2 / 3;
        options.LeaderElection.RetryPeriod = settings.Lease / 6;
        options.LeaderElection.RequestTimeout = settings.Lease / 3;
    }
}
