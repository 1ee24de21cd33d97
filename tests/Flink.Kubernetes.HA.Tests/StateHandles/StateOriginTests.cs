using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>Hazard 9 to its end: the election creates a deleted ConfigMap anew, and empty is then not nothing (promise P6).</summary>
[Collection(SimulatedTime.Name)]
public sealed class StateOriginTests
{
    private static CancellationToken Token => StoreCluster.Token;

    [Fact]
    public async Task A_ConfigMap_that_was_deleted_and_created_anew_is_not_an_empty_store()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var store = await OpenAsync(cluster);
        await cluster.RunAsync(() => store.AddAsync("1", StoreCluster.Stream("one"), Token));
        await RecreateAsync(cluster);

        var exception = await Assert.ThrowsAsync<StateLostException>(() => OpenAsync(cluster));

        Assert.Contains("deleted, with all its pointers, and created anew", exception.Message, StringComparison.Ordinal);
        Assert.Equal(2, cluster.Data.Keys.Count);

        // Whoever decides to start from scratch does what the message says.
        await cluster.Data.DeleteAsync(new StateKey(Assert.Single(exception.Markers)), Token);
        await OpenAsync(cluster);
    }

    [Fact]
    public async Task One_put_back_from_a_copy_is_taken_again()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var store = await OpenAsync(cluster);
        await cluster.RunAsync(() => store.AddAsync("1", StoreCluster.Stream("one"), Token));
        var (id, pointer) = (await cluster.ValueAsync("stateId"), await cluster.ValueAsync("item-1"));
        await RecreateAsync(cluster);
        await cluster.EditAsync("stateId", id);
        await cluster.EditAsync("item-1", pointer);

        await OpenAsync(cluster);

        await cluster.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task Stores_opened_again_and_at_once_agree()
    {
        await using var cluster = await StoreCluster.StartAsync();

        await cluster.RunAsync(() => Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => StateHandleStore.OpenAsync(cluster.Leader.Term!, cluster.Storage, StoreCluster.Prefix, Token), Token))));
        await OpenAsync(cluster);

        Assert.Single(cluster.Data.Keys);
    }

    [Theory]
    [InlineData("write")]
    [InlineData("list")]
    public async Task A_storage_that_fails_in_between_is_put_right_by_the_next(string verb)
    {
        await using var cluster = await StoreCluster.StartAsync();
        using (cluster.Storage.Inject(StorageFaultRule.Fail() with { Verb = verb }))
        {
            await Assert.ThrowsAsync<StateStorageException>(() => OpenAsync(cluster));
        }

        await OpenAsync(cluster);

        Assert.Single(cluster.Data.Keys);
    }

    [Fact]
    public async Task Who_does_not_lead_can_not_open_one()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.TakeOverAsync();

        await Assert.ThrowsAsync<LeadershipLostException>(() => OpenAsync(cluster));
    }

    private static Task<StateHandleStore> OpenAsync(StoreCluster cluster) =>
        cluster.RunAsync(() => StateHandleStore.OpenAsync(cluster.Leader.Term!, cluster.Storage, StoreCluster.Prefix, Token));

    private static async Task RecreateAsync(StoreCluster cluster)
    {
        await cluster.Election.Admin.DeleteAsync<ConfigMap>(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: Token);
        await cluster.Election.UntilAsync(() => cluster.Leader.Terms.Count == 2 && cluster.Leader.Leads, TimeSpan.FromMinutes(1), "the leader leads again");
    }
}
