using Flink.Kubernetes.HA;

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
