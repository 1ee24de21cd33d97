using Flink.Kubernetes.HA.StateHandles;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>Several changes in one request.</summary>
[Collection(SimulatedTime.Name)]
public sealed class StateHandleBatchTests
{
    private static CancellationToken Token => StoreCluster.Token;

    [Fact]
    public async Task A_checkpoint_its_predecessor_and_the_counter_change_in_one_request()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var oldest = await cluster.AddAsync("1", "one");
        cluster.Election.Server.ClearRequests();

        var handles = await cluster.RunAsync(() => cluster.Store.CreateBatch()
            .Add("2", StoreCluster.Stream("two")).Remove(oldest).SetValue("counter", null, "3").CommitAsync(Token));

        // The second drops the key when the data is gone.
        Assert.Equal(["patch", "patch"], cluster.Election.Server.Requests.Select(request => request.Verb));
        Assert.Equal("2", Assert.Single(handles).Name);
        Assert.Equal("3", await cluster.ValueAsync("counter"));
        await cluster.AssertEntriesAsync("2=two");
        await cluster.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task One_change_that_does_not_fit_keeps_all_from_being_made()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var first = await cluster.AddAsync("1", "one");
        await cluster.EditAsync("counter", "7");

        var exception = await Assert.ThrowsAsync<StateHandleChangedException>(() => cluster.RunAsync(() => cluster.Store.CreateBatch()
            .Add("2", StoreCluster.Stream("two")).Remove(first).SetValue("counter", "6", "8").CommitAsync(Token)));

        Assert.Equal("counter", exception.Key);
        Assert.Equal("7", await cluster.ValueAsync("counter"));
        await cluster.AssertEntriesAsync("1=one");
        await cluster.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task Values_are_set_and_removed()
    {
        await using var cluster = await StoreCluster.StartAsync();

        await cluster.RunAsync(() => cluster.Store.CreateBatch().SetValue("counter", null, "1").CommitAsync(Token));
        await cluster.RunAsync(() => cluster.Store.CreateBatch().SetValue("counter", "1", "2").CommitAsync(Token));
        Assert.Equal("2", (await cluster.Reader.ReadAsync(Token)).TryGetValue("counter"));
        await cluster.RunAsync(() => cluster.Store.CreateBatch().SetValue("counter", "2", null).CommitAsync(Token));

        Assert.Null(await cluster.ValueAsync("counter"));
    }

    [Fact]
    public async Task An_upload_that_fails_takes_the_others_back()
    {
        await using var cluster = await StoreCluster.StartAsync();
        using var rule = cluster.Storage.Inject(Flink.Kubernetes.HA.Testing.StorageFaultRule.Fail() with { Verb = "write", After = 1 });

        await Assert.ThrowsAsync<Flink.Kubernetes.HA.Storage.StateStorageException>(() => cluster.RunAsync(() => cluster.Store.CreateBatch()
            .Add("1", StoreCluster.Stream("one")).Add("2", StoreCluster.Stream("two")).CommitAsync(Token)));

        await cluster.AssertEntriesAsync();
        Assert.Empty(cluster.Data.Keys);
    }

    [Fact]
    public async Task A_batch_is_committed_once_and_changes_a_key_once()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var batch = cluster.Store.CreateBatch().SetValue("counter", null, "1");

        Assert.Throws<ArgumentException>(() => batch.SetValue("counter", null, "2"));
        await cluster.RunAsync(() => batch.CommitAsync(Token));

        await Assert.ThrowsAsync<InvalidOperationException>(() => cluster.RunAsync(() => batch.CommitAsync(Token)));
    }

    [Theory]
    [InlineData("address")]
    [InlineData("sessionId")]
    [InlineData("fencingToken")]
    [InlineData("stateId")]
    [InlineData("no/slash")]
    public async Task Keys_of_the_election_and_no_keys_are_refused(string key)
    {
        await using var cluster = await StoreCluster.StartAsync();

        Assert.Throws<ArgumentException>(() => cluster.Store.CreateBatch().SetValue(key, null, "mine"));
    }
}
