using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>The scenarios of Flink's KubernetesStateHandleStoreTest for single entries, stricter where the comments say so.</summary>
[Collection(SimulatedTime.Name)]
public sealed class StateHandleStoreTests
{
    private static CancellationToken Token => StoreCluster.Token;

    [Fact]
    public async Task What_was_added_is_listed_and_read()
    {
        await using var cluster = await StoreCluster.StartAsync();

        var added = await cluster.AddAsync("1", "one");

        Assert.Equal(added, Assert.Single(await cluster.Store.Reader.ListAsync(Token)));
        Assert.Equal("item-1", added.Key);
        Assert.StartsWith("default/orders/dispatcher/item-1-", added.State.Key.Value, StringComparison.Ordinal);
        await cluster.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task An_add_is_one_request()
    {
        await using var cluster = await StoreCluster.StartAsync();
        cluster.Election.Server.ClearRequests();

        await cluster.AddAsync("1", "one");

        Assert.Equal("patch", Assert.Single(cluster.Election.Server.Requests).Verb);
    }

    [Fact]
    public async Task An_add_over_an_entry_is_refused_and_only_its_own_data_goes()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.AddAsync("1", "one");

        var exception = await Assert.ThrowsAsync<StateHandleExistsException>(() => cluster.AddAsync("1", "other"));

        Assert.Equal("item-1", exception.Key);
        Assert.Contains("exists already in ConfigMap default/orders-dispatcher-leader", exception.Message, StringComparison.Ordinal);
        Assert.Null(await cluster.RunAsync(() => cluster.Store.TryAddAsync("1", StoreCluster.Stream("other"), Token)));
        await cluster.AssertEntriesAsync("1=one");
        await cluster.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task An_add_over_a_marked_entry_finishes_the_removal()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.AddAsync("1", "one");
        await cluster.MarkAsync("1");

        await cluster.AddAsync("1", "new");

        await cluster.AssertEntriesAsync("1=new");
        await cluster.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task An_add_without_the_ConfigMap_fails_and_leaves_nothing()
    {
        await using var cluster = await StoreCluster.StartAsync();

        // The write is what notices it: a term that ends while the write is under way leaves it in doubt.
        cluster.Api.SilenceWatches();
        await cluster.Election.Admin.DeleteAsync<ConfigMap>(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: Token);

        // Flink says that the ConfigMap does not exist; here that is the end of the term too.
        var exception = await Assert.ThrowsAsync<LeadershipLostException>(() => cluster.AddAsync("1", "one"));

        Assert.Equal(LeadershipLossReason.Deleted, exception.Reason);
        Assert.Empty(cluster.Data.Keys);
    }

    [Fact]
    public async Task A_replacement_swaps_the_data_and_deletes_the_old()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var first = await cluster.AddAsync("1", "one");

        var second = await cluster.RunAsync(() => cluster.Store.ReplaceAsync(first, StoreCluster.Stream("two"), Token));
        var third = await cluster.RunAsync(() => cluster.Store.ReplaceAsync("1", StoreCluster.Stream("three"), Token));

        Assert.Equal(third, await cluster.Reader.GetAsync("1", Token));
        Assert.Null(await cluster.RunAsync(() => cluster.Store.TryReplaceAsync(second, StoreCluster.Stream("late"), Token)));
        await cluster.AssertEntriesAsync("1=three");
        await cluster.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task A_replacement_of_what_has_changed_is_refused()
    {
        // Flink ignores the version that its caller has seen.
        await using var cluster = await StoreCluster.StartAsync();
        var first = await cluster.AddAsync("1", "one");
        await cluster.RunAsync(() => cluster.Store.ReplaceAsync("1", StoreCluster.Stream("two"), Token));

        await Assert.ThrowsAsync<StateHandleChangedException>(() => cluster.RunAsync(() => cluster.Store.ReplaceAsync(first, StoreCluster.Stream("late"), Token)));

        await cluster.AssertEntriesAsync("1=two");
        await cluster.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task A_replacement_of_nothing_is_refused()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var gone = await cluster.AddAsync("1", "one");
        await cluster.RunAsync(() => cluster.Store.RemoveAsync(gone, Token));

        await Assert.ThrowsAsync<StateHandleNotFoundException>(() => cluster.RunAsync(() => cluster.Store.ReplaceAsync("1", StoreCluster.Stream("two"), Token)));
        await Assert.ThrowsAsync<StateHandleNotFoundException>(() => cluster.RunAsync(() => cluster.Store.ReplaceAsync(gone, StoreCluster.Stream("two"), Token)));

        Assert.False(await cluster.Reader.ExistsAsync("1", Token));
        Assert.Empty(cluster.Data.Keys);
    }

    [Fact]
    public async Task A_replacement_of_a_marked_entry_is_refused()
    {
        // Flink finishes the removal on the way; here that is for remove, clear and add, so that a refusal changes nothing.
        await using var cluster = await StoreCluster.StartAsync();
        var handle = await cluster.AddAsync("1", "one");
        await cluster.MarkAsync("1");

        await Assert.ThrowsAsync<StateHandleNotFoundException>(() => cluster.RunAsync(() => cluster.Store.ReplaceAsync("1", StoreCluster.Stream("two"), Token)));
        await Assert.ThrowsAsync<StateHandleNotFoundException>(() => cluster.RunAsync(() => cluster.Store.ReplaceAsync(handle, StoreCluster.Stream("two"), Token)));

        Assert.Equal([handle.State.Key], cluster.Data.Keys);
    }

    [Fact]
    public async Task A_refused_request_leaves_the_old_and_no_new_data()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var handle = await cluster.AddAsync("1", "one");
        using var rule = cluster.Api.Inject(FaultRule.Fail(KubeFailure.Forbidden) with { Verb = "patch" });

        var exception = await Assert.ThrowsAsync<KubeClientException>(() => cluster.RunAsync(() => cluster.Store.ReplaceAsync(handle, StoreCluster.Stream("two"), Token)));

        Assert.Equal(KubeFailure.Forbidden, exception.Failure);
        await cluster.AssertEntriesAsync("1=one");
        await cluster.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task A_marked_entry_counts_as_not_there_and_reading_changes_nothing()
    {
        await using var cluster = await StoreCluster.StartAsync();
        await cluster.AddAsync("1", "one");
        var marked = await cluster.MarkAsync("1");

        Assert.False(await cluster.Reader.ExistsAsync("1", Token));
        Assert.Null(await cluster.Reader.TryGetAsync("1", Token));
        var exception = await Assert.ThrowsAsync<StateHandleNotFoundException>(() => cluster.Reader.GetAsync("1", Token));
        Assert.Contains("is being removed", exception.Message, StringComparison.Ordinal);
        Assert.Empty(await cluster.Reader.ListAsync(Token));
        Assert.Equal([marked.State.Key], cluster.Data.Keys);
    }

    [Fact]
    public async Task A_removal_takes_entry_and_data()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var first = await cluster.AddAsync("1", "one");
        await cluster.AddAsync("2", "two");
        await cluster.AddAsync("3", "three");

        Assert.True(await cluster.RunAsync(() => cluster.Store.RemoveAsync(first, Token)));
        Assert.True(await cluster.RunAsync(() => cluster.Store.RemoveAsync("2", Token)));

        Assert.Null(await cluster.ValueAsync("item-1"));
        await cluster.AssertEntriesAsync("3=three");
        await cluster.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task A_removal_of_nothing_says_so()
    {
        // Flink says true for both.
        await using var cluster = await StoreCluster.StartAsync();
        var gone = await cluster.AddAsync("1", "one");
        await cluster.RunAsync(() => cluster.Store.RemoveAsync(gone, Token));

        Assert.False(await cluster.RunAsync(() => cluster.Store.RemoveAsync("1", Token)));
        Assert.False(await cluster.RunAsync(() => cluster.Store.RemoveAsync(gone, Token)));
    }

    [Fact]
    public async Task A_removal_that_broke_off_is_finished_by_the_next()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var handle = await cluster.AddAsync("1", "one");
        await cluster.MarkAsync("1");
        Assert.NotNull(await cluster.ValueAsync("item-1"));

        Assert.True(await cluster.RunAsync(() => cluster.Store.RemoveAsync(handle, Token)));

        Assert.Null(await cluster.ValueAsync("item-1"));
        Assert.Empty(cluster.Data.Keys);
    }

    [Fact]
    public async Task A_removal_by_handle_spares_another_entry_of_the_name()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var first = await cluster.AddAsync("1", "one");
        await cluster.RunAsync(() => cluster.Store.ReplaceAsync(first, StoreCluster.Stream("two"), Token));

        await Assert.ThrowsAsync<StateHandleChangedException>(() => cluster.RunAsync(() => cluster.Store.RemoveAsync(first, Token)));

        await cluster.AssertEntriesAsync("1=two");
    }

    [Fact]
    public async Task Clearing_removes_all_of_the_store_and_nothing_else()
    {
        await using var cluster = await StoreCluster.StartAsync();
        var other = StateHandleStore.Open(cluster.Leader.Term!, cluster.Storage, "other-");
        await cluster.RunAsync(() => other.AddAsync("1", StoreCluster.Stream("foreign"), Token));
        await cluster.AddAsync("1", "one");
        await cluster.AddAsync("2", "two");
        await cluster.MarkAsync("2");

        Assert.Equal(2, await cluster.RunAsync(() => cluster.Store.ClearAsync(Token)));

        await cluster.AssertEntriesAsync();
        Assert.Single(await other.Reader.ListAsync(Token));
        Assert.Single(cluster.Data.Keys);
        Assert.Equal(0, await cluster.RunAsync(() => cluster.Store.ClearAsync(Token)));
    }

    [Fact]
    public async Task Clearing_that_failed_for_some_goes_on_where_it_broke_off()
    {
        await using var cluster = await StoreCluster.StartAsync();
        for (var i = 0; i < 10; i++)
        {
            await cluster.AddAsync($"{i}", "data");
        }

        using (cluster.Storage.Inject(StorageFaultRule.Fail() with { Verb = "delete", Times = 5 }))
        {
            await Assert.ThrowsAsync<StateStorageException>(() => cluster.RunAsync(() => cluster.Store.ClearAsync(Token)));
        }

        // Flink keeps all ten keys until all data is gone; here those whose data is gone go at once.
        var snapshot = await cluster.Reader.ReadAsync(Token);
        Assert.Empty(snapshot.Handles);
        Assert.Equal(5, snapshot.BeingRemoved.Count);
        Assert.Equal(5, cluster.Data.Keys.Count);
        Assert.Equal(5, await cluster.RunAsync(() => cluster.Store.ClearAsync(Token)));
        Assert.Empty(cluster.Data.Keys);
    }
}
