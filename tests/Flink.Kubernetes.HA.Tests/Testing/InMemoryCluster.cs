using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

/// <summary>An in-memory server on simulated time, and short ways to use it.</summary>
public abstract class InMemoryCluster : IDisposable
{
    protected static readonly ObjectKey Key = new("default", "a");

    protected InMemoryCluster()
    {
        Server = new InMemoryApiServer(Time);
        Client = Server.CreateClient();
    }

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected ManualTimeProvider Time { get; } = new();

    protected InMemoryApiServer Server { get; }

    protected IKubeClient Client { get; }

    public virtual void Dispose()
    {
        Server.Dispose();
        GC.SuppressFinalize(this);
    }

    protected static ConfigMap NewMap(string? name = "a", params (string Key, string Value)[] data) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = "default" },
        Data = data.ToDictionary(d => d.Key, d => d.Value),
    };

    protected static async Task<KubeClientException> FailureOfAsync(Func<Task> action) => await Assert.ThrowsAsync<KubeClientException>(action);

    protected Task<ConfigMap> CreateAsync(ConfigMap map) => Client.CreateAsync(KubeResources.ConfigMaps, map, Cancellation);

    protected Task<ConfigMap> PatchAsync(params JsonPatchOperation[] operations) =>
        Client.PatchAsync(KubeResources.ConfigMaps, Key, KubePatch.Json(operations), Cancellation);

    protected WatchReader<ConfigMap> Watch(WatchOptions? options = null, IKubeClient? client = null) =>
        new((client ?? Client).WatchAsync(KubeResources.ConfigMaps, "default", options, Cancellation).GetAsyncEnumerator(Cancellation));
}
