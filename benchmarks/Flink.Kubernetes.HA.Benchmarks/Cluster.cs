using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Benchmarks;

/// <summary>Names that nobody else uses, and clean-up.</summary>
internal sealed class Cluster(string kubeConfig) : IAsyncDisposable
{
    public const string Namespace = "default";

    public string Id { get; } = $"bench-{Guid.NewGuid():N}"[..20];

    public static LeaderComponent Component { get; } = LeaderComponent.Custom("scheduler");

    /// <summary>What one process has: a client and watches of its own.</summary>
    public KubernetesHaServices CreateProcess(string name) =>
        new(new KubernetesHaOptions { ClusterId = Id, Namespace = Namespace, Identity = name, KubeConfigPath = kubeConfig });

    public async ValueTask DisposeAsync()
    {
        await using var client = new HttpKubeClient(KubeConnection.FromKubeConfig(kubeConfig));
        var list = await client.ListAsync(KubeResources.ConfigMaps.MetadataOnly, Namespace, new ListOptions { LabelSelector = $"app={Id}" });
        foreach (var item in list.Items)
        {
            await client.DeleteAsync(KubeResources.ConfigMaps, item.Key);
        }
    }
}
