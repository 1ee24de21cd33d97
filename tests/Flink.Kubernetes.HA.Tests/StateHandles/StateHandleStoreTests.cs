namespace Flink.Kubernetes.HA.Tests.StateHandles;

/// <summary>The scenarios of Flink's KubernetesStateHandleStoreTest for single entries, stricter where the comments say so.</summary>
public sealed class StateHandleStoreTests() : WorldTest(HaWorld.WithStoreAsync)
{
    [Fact]
    public async Task What_was_added_is_listed_and_read()
    {
        var added = await World.AddAsync("1", "one");

        (await World.Store.Reader.ListAsync(Token)).Should().ContainSingle().Which.Should().Be(added);
        added.Key.Should().Be("item-1");
        added.State.Key.Value.Should().StartWith("default/orders/dispatcher/item-1-");
        await World.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task An_add_is_one_request()
    {
        World.Server.ClearRequests();

        await World.AddAsync("1", "one");

        World.Server.Requests.Should().ContainSingle().Which.Verb.Should().Be("patch");
    }

    [Fact]
    public async Task An_add_over_an_entry_is_refused_and_only_its_own_data_goes()
    {
        await World.AddAsync("1", "one");

        var exception = await World.FailAsync(StateHandleFailure.AlreadyExists, () => World.AddAsync("1", "other"));

        exception.Key.Should().Be("item-1");
        exception.Message.Should().Contain("already exists in ConfigMap default/orders-dispatcher-leader");
        (await World.RunAsync(() => World.Store.TryAddAsync("1", HaWorld.Stream("other"), Token))).Should().BeNull();
        await World.AssertEntriesAsync("1=one");
        await World.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task An_add_over_a_marked_entry_finishes_the_removal()
    {
        await World.AddAsync("1", "one");
        await World.MarkAsync("1");

        await World.AddAsync("1", "new");

        await World.AssertEntriesAsync("1=new");
        await World.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task An_add_without_the_ConfigMap_fails_and_leaves_nothing()
    {
        // The write is what notices it: a term that ends while the write is under way leaves it in doubt.
        World.Network.SilenceWatches();
        await World.DeleteAsync();

        // Flink says that the ConfigMap does not exist; here that is the end of the term too.
        var exception = await World.FailAsync<LeadershipLostException>(() => World.AddAsync("1", "one"));

        exception.Reason.Should().Be(LeadershipLossReason.Deleted);
        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task A_replacement_swaps_the_data_and_deletes_the_old()
    {
        var first = await World.AddAsync("1", "one");

        var second = await World.ReplaceAsync(first, "two");
        var third = await World.ReplaceAsync("1", "three");

        (await World.Reader.GetAsync("1", Token)).Should().Be(third);
        (await World.RunAsync(() => World.Store.TryReplaceAsync(second, HaWorld.Stream("late"), Token))).Should().BeNull();
        await World.AssertEntriesAsync("1=three");
        await World.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task A_replacement_of_what_has_changed_is_refused()
    {
        // Flink ignores the version that its caller has seen.
        var first = await World.AddAsync("1", "one");
        await World.ReplaceAsync("1", "two");

        await World.FailAsync(StateHandleFailure.Changed, () => World.ReplaceAsync(first, "late"));

        await World.AssertEntriesAsync("1=two");
        await World.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task A_replacement_of_nothing_is_refused()
    {
        var gone = await World.AddAsync("1", "one");
        await World.RemoveAsync(gone);

        await World.FailAsync(StateHandleFailure.NotFound, () => World.ReplaceAsync("1", "two"));
        await World.FailAsync(StateHandleFailure.NotFound, () => World.ReplaceAsync(gone, "two"));

        (await World.Reader.ExistsAsync("1", Token)).Should().BeFalse();
        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task A_replacement_of_a_marked_entry_is_refused()
    {
        // Flink finishes the removal on the way; here that is for remove, clear and add, so that a refusal changes nothing.
        var handle = await World.AddAsync("1", "one");
        await World.MarkAsync("1");

        await World.FailAsync(StateHandleFailure.NotFound, () => World.ReplaceAsync("1", "two"));
        await World.FailAsync(StateHandleFailure.NotFound, () => World.ReplaceAsync(handle, "two"));

        World.Data.Keys.Should().Equal(handle.State.Key);
    }

    [Fact]
    public async Task A_refused_request_leaves_the_old_and_no_new_data()
    {
        var handle = await World.AddAsync("1", "one");
        using var rule = World.Network.Inject(Fault.Fail(HttpStatusCode.Forbidden) with { Verb = "patch" });

        var exception = await World.FailAsync<KubernetesHaException>(() => World.ReplaceAsync(handle, "two"));

        exception.Failure.Should().Be(KubernetesFailure.Forbidden);
        await World.AssertEntriesAsync("1=one");
        await World.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task A_marked_entry_is_treated_as_absent_and_reading_changes_nothing()
    {
        await World.AddAsync("1", "one");
        var marked = await World.MarkAsync("1");

        (await World.Reader.ExistsAsync("1", Token)).Should().BeFalse();
        (await World.Reader.TryGetAsync("1", Token)).Should().BeNull();
        var exception = await World.FailAsync(StateHandleFailure.NotFound, () => World.Reader.GetAsync("1", Token));
        exception.Message.Should().Contain("is being removed");
        (await World.Reader.ListAsync(Token)).Should().BeEmpty();
        World.Data.Keys.Should().Equal(marked.State.Key);
    }

    [Fact]
    public async Task A_removal_takes_entry_and_data()
    {
        var first = await World.AddAsync("1", "one");
        await World.AddAsync("2", "two");
        await World.AddAsync("3", "three");

        (await World.RemoveAsync(first)).Should().BeTrue();
        (await World.RemoveAsync("2")).Should().BeTrue();

        (await World.ValueAsync("item-1")).Should().BeNull();
        await World.AssertEntriesAsync("3=three");
        await World.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task A_removal_of_nothing_says_so()
    {
        // Flink says true for both.
        var gone = await World.AddAsync("1", "one");
        await World.RemoveAsync(gone);

        (await World.RemoveAsync("1")).Should().BeFalse();
        (await World.RemoveAsync(gone)).Should().BeFalse();
    }

    [Fact]
    public async Task A_removal_that_broke_off_is_finished_by_the_next()
    {
        var handle = await World.AddAsync("1", "one");
        await World.MarkAsync("1");
        (await World.ValueAsync("item-1")).Should().NotBeNull();

        (await World.RemoveAsync(handle)).Should().BeTrue();

        (await World.ValueAsync("item-1")).Should().BeNull();
        World.DataKeys.Should().BeEmpty();
    }

    [Fact]
    public async Task A_removal_by_handle_spares_another_entry_of_the_name()
    {
        var first = await World.AddAsync("1", "one");
        await World.ReplaceAsync(first, "two");

        await World.FailAsync(StateHandleFailure.Changed, () => World.RemoveAsync(first));

        await World.AssertEntriesAsync("1=two");
    }

    [Fact]
    public async Task Clearing_removes_all_of_the_store_and_nothing_else()
    {
        var other = World.OpenStore("other-");
        await World.RunAsync(() => other.AddAsync("1", HaWorld.Stream("foreign"), Token));
        await World.AddAsync("1", "one");
        await World.AddAsync("2", "two");
        await World.MarkAsync("2");

        (await World.ClearAsync()).Should().Be(2);

        await World.AssertEntriesAsync();
        (await other.Reader.ListAsync(Token)).Should().ContainSingle();
        World.DataKeys.Should().ContainSingle();
        (await World.ClearAsync()).Should().Be(0);
    }

    [Fact]
    public async Task Clearing_that_failed_for_some_goes_on_where_it_broke_off()
    {
        for (var i = 0; i < 10; i++)
        {
            await World.AddAsync($"{i}", "data");
        }

        using (World.Storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = "delete", Times = 5 }))
        {
            await World.FailAsync<StateStorageException>(() => World.ClearAsync());
        }

        // Flink keeps all ten keys until all data is gone; here those whose data is gone go at once.
        var snapshot = await World.Reader.ReadAsync(Token);
        snapshot.Handles.Should().BeEmpty();
        snapshot.BeingRemoved.Should().HaveCount(5);
        World.DataKeys.Should().HaveCount(5);
        (await World.ClearAsync()).Should().Be(5);
        World.DataKeys.Should().BeEmpty();
    }
}
