using k8s;

namespace Flink.Kubernetes.HA.Benchmarks.Measuring;

/// <summary>Names that nobody else uses, and clean-up.</summary>
internal sealed class Cluster(string kubeConfig) : IAsyncDisposable
{
    public const string Namespace = "default";

    public string Id { get; } = NewId();

    public static LeaderComponent Component { get; } = LeaderComponent.Custom("scheduler");

    public static string NewId() => $"bench-{Guid.NewGuid():N}"[..20];

    /// <summary>What one process has: a client and watches of its own.</summary>
    public KubernetesHaServices CreateProcess(string name) =>
        new(new KubernetesHaOptions { ClusterId = Id, Namespace = Namespace, Identity = name, KubeConfigPath = kubeConfig });

    public async ValueTask DisposeAsync()
    {
        using var client = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubeConfig).CreateHaClient();
        var list = await client.CoreV1.ListNamespacedConfigMapAsync(Namespace, labelSelector: $"app={Id}");
        foreach (var item in list.Items)
        {
            await client.CoreV1.DeleteNamespacedConfigMapAsync(item.Metadata.Name, Namespace);
        }
    }
}
