using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace Flink.Kubernetes.HA.Tests.HighAvailabilityServices;

public sealed class StoreOpeningTests
{
    private static CancellationToken Token => StoreWorld.Token;

    [Fact]
    public async Task Stores_are_opened_with_the_storage_of_the_container()
    {
        using var server = new InMemoryApiServer();
        var storage = new InMemoryStateStorage();
        await using var provider = new ServiceCollection().AddSingleton(server.CreateClient()).AddSingleton<IStateStorage>(storage)
            .AddKubernetesHa(options => (options.ClusterId, options.Namespace) = ("orders", "team")).BuildServiceProvider();
        var services = provider.GetRequiredService<IHighAvailabilityServices>();
        await foreach (var term in services.GetLeaderElection(LeaderComponent.JobManager(StoreWorld.JobId)).ContendAsync(Token))
        {
            await using (term)
            {
                var store = await services.OpenCheckpointStoreAsync(term, StoreWorld.JobId, StoreWorld.Text.Serializer, cancellationToken: Token);
                await store.AddAsync("one", Token);
                Assert.Equal("one", (await services.ReadCheckpoints(StoreWorld.JobId, StoreWorld.Text.Serializer).TryGetLatestAsync(Token))!.Value);
                Assert.Equal(2, await services.OpenCheckpointIdCounter(term, StoreWorld.JobId).GetAsync(Token));
            }

            break;
        }

        Assert.NotEmpty(storage.Keys);
    }

    [Fact]
    public async Task Without_a_storage_the_error_says_what_to_add()
    {
        using var server = new InMemoryApiServer();
        await using var services = new KubernetesHaServices(new KubernetesHaOptions { ClusterId = "orders", Namespace = "team" }, server.CreateClient());

        var exception = Assert.Throws<InvalidOperationException>(() => services.ReadBlobs());

        Assert.Contains("AddFileSystemStateStorage", exception.Message, StringComparison.Ordinal);
        Assert.NotNull(services.ReadJobResults());
    }
}
