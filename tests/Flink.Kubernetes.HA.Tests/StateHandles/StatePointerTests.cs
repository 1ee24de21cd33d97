using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>The form of pointers, and what can't be read (promise P6).</summary>
[Collection(SimulatedTime.Name)]
public sealed class StatePointerTests
{
    private const string Sha = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Good = $$"""{"v":1,"key":"a/b","location":"/mnt/a/b","size":0,"sha256":"{{Sha}}","state":"live"}""";

    private static CancellationToken Token => StoreCluster.Token;

    [Fact]
    public void A_pointer_is_versioned_JSON_with_all_that_is_needed_to_find_the_data()
    {
        var pointer = new StatePointer(new StoredState(new StateKey("a/b"), 0, Sha, "/mnt/a/b"), IsDeleting: false);

        Assert.Equal(Good, pointer.Write());
        Assert.Equal(pointer, StatePointer.Parse(Good));
    }

    [Fact]
    public void Members_of_later_minor_versions_are_let_be() =>
        Assert.Equal(StatePointer.Parse(Good), StatePointer.Parse(Good.Replace("\"v\":1", "\"v\":1,\"codec\":\"zstd\"", StringComparison.Ordinal)));

    [Theory]
    [InlineData("rO0ABXNy", "no JSON")]
    [InlineData("[]", "no JSON object")]
    [InlineData("null", "no JSON object")]
    [InlineData("{\"v\":2}", "version 2")]
    [InlineData("{}", "\"v\"")]
    [InlineData("{\"v\":1,\"v\":1}", "no JSON")]
    [InlineData("{\"v\":1,\"key\":\"../b\"}", "key")]
    [InlineData("{\"v\":1,\"key\":\"a/b\",\"size\":\"0\"}", "size")]
    [InlineData("{\"v\":1,\"key\":\"a/b\",\"size\":-1,\"sha256\":\"" + Sha + "\"}", "size")]
    [InlineData("{\"v\":1,\"key\":\"a/b\",\"size\":0,\"sha256\":\"e3b0\"}", "sha256")]
    [InlineData("{\"v\":1,\"key\":\"a/b\",\"size\":0,\"sha256\":\"" + Sha + "\",\"state\":\"new\"}", "state")]
    public async Task What_is_no_pointer_is_named_and_never_passed_over(string text, string problem)
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.AddAsync("1", "one");
        await cluster.EditAsync("item-2", text);
        Func<Task>[] reads =
        [
            () => cluster.Reader.ListAsync(Token), () => cluster.Reader.GetAsync("2", Token), () => cluster.Reader.ExistsAsync("2", Token),
            () => cluster.AddAsync("2", "two"), () => cluster.RunAsync(() => cluster.Store.RemoveAsync("2", Token)), () => cluster.RunAsync(() => cluster.Store.ClearAsync(Token)),
        ];

        foreach (var read in reads)
        {
            var exception = await Assert.ThrowsAsync<StateHandleCorruptException>(read);
            Assert.Equal("item-2", exception.Key);
            Assert.Contains(problem, exception.Message, StringComparison.Ordinal);
            Assert.Contains("remove the key by hand", exception.Message, StringComparison.Ordinal);
        }

        Assert.Equal(text, await cluster.ValueAsync("item-2"));
        Assert.Single(cluster.Data.Keys);
    }

    [Fact]
    public async Task Damaged_and_missing_data_is_an_error_with_a_name()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var damaged = await cluster.AddAsync("1", "one");
        var missing = await cluster.AddAsync("2", "two");
        cluster.Data.Corrupt(damaged.State.Key);
        await cluster.Data.DeleteAsync(missing.State.Key, Token);

        var corrupt = await Assert.ThrowsAsync<StateStorageException>(() => cluster.Reader.ReadBytesAsync(damaged, Token));
        var notFound = await Assert.ThrowsAsync<StateStorageException>(() => cluster.Reader.ReadBytesAsync(missing, Token));

        Assert.Equal(StateStorageFailure.Corrupt, corrupt.Failure);
        Assert.Equal(StateStorageFailure.NotFound, notFound.Failure);
    }

    [Fact]
    public async Task A_missing_ConfigMap_is_not_an_empty_one()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.AddAsync("1", "one");

        // The leader does not hear of it yet, or it would begin a new one.
        cluster.Api.SilenceWatches();
        await cluster.Election.Admin.DeleteAsync<ConfigMap>(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: Token);

        var exception = await Assert.ThrowsAsync<ConfigMapMissingException>(() => cluster.Reader.ListAsync(Token));

        Assert.Contains("default/orders-dispatcher-leader does not exist", exception.Message, StringComparison.Ordinal);
        Assert.Single(cluster.Data.Keys);
    }
}
