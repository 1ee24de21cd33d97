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
        added.State.Key.Value.Should().StartWith($"{await World.FolderOfAsync(LeaderComponent.Dispatcher)}/item-1-");
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
    public async Task A_removal_by_handle_spares_another_entry_of_the_name()
    {
        var first = await World.AddAsync("1", "one");
        await World.ReplaceAsync(first, "two");

        await World.FailAsync(StateHandleFailure.Changed, () => World.RemoveAsync(first));

        await World.AssertEntriesAsync("1=two");
    }

    [Fact]
    public async Task A_removal_is_one_request_and_one_that_cannot_delete_the_data_is_no_failure()
    {
        var handle = await World.AddAsync("1", "one");
        World.Server.ClearRequests();
        using var rule = World.Storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = "delete" });

        (await World.RemoveAsync(handle)).Should().BeTrue();

        World.Server.Requests.Should().ContainSingle().Which.Verb.Should().Be("patch");
        await World.AssertEntriesAsync();
        World.Data.Keys.Should().Equal([handle.State.Key], "a sweep finds it");
    }

    [Fact]
    public async Task A_storage_that_hangs_in_a_delete_stops_no_other_write_of_the_term()
    {
        var first = await World.AddAsync("1", "one");
        World.Storage.Inject(Fault.Hang() with { Verb = "delete" });
        var removing = Task.Run(() => World.Store.RemoveAsync(first, Token), Token);
        await World.UntilAsync(() => World.Storage.CountCalls("delete") == 1, TimeSpan.FromSeconds(5), "the data is being deleted");
        var begin = World.Time.GetTimestamp();

        await World.Store.AddAsync("1", HaWorld.Stream("again"), Token);

        World.Time.GetElapsedTime(begin).Should().Be(TimeSpan.Zero);
        await World.WhileAdvancingAsync(removing);
        await World.AssertEntriesAsync("1=again");
    }

    [Fact]
    public async Task Clearing_removes_all_of_the_store_and_nothing_else()
    {
        var other = await World.OpenStoreAsync("other-");
        await World.RunAsync(() => other.AddAsync("1", HaWorld.Stream("foreign"), Token));
        await World.AddAsync("1", "one");
        await World.AddAsync("2", "two");
        await World.EditDataAsync("item-3", "damaged");

        (await World.ClearAsync()).Should().Be(3);

        await World.AssertEntriesAsync();
        (await other.Reader.ListAsync(Token)).Should().ContainSingle();
        World.DataKeys.Should().ContainSingle();
        (await World.ClearAsync()).Should().Be(0);
    }

    [Theory]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    public async Task A_write_that_the_server_fails_again_and_again_ends_with_its_words_and_lets_the_others_write(HttpStatusCode status)
    {
        World.Leader.FailsFor = body => body.Contains("item-big", StringComparison.Ordinal) ? status : null;
        var begin = World.Time.GetTimestamp();
        var failing = Task.Run(() => World.Store.AddAsync("big", HaWorld.Stream("one"), Token), Token);
        await World.AdvanceAsync(TimeSpan.FromSeconds(2));
        await World.AddAsync("small", "two");
        failing.IsCompleted.Should().BeFalse();

        var exception = (await Awaiting(() => World.WhileAdvancingAsync(failing)).Should().ThrowExactlyAsync<KubernetesHaException>()).Which;

        exception.Message.Should().Contain("failed calling webhook");
        World.Network.CountCalls("patch", "configmaps").Should().BeLessThan(60);
        World.Time.GetElapsedTime(begin).Should().BeLessThan(TimeSpan.FromMinutes(2));
        World.Leader.Leads.Should().BeTrue();
        await World.AssertEntriesAsync("small=two");
        await World.AssertNothingLeftBehindAsync();
    }

    [Fact]
    public async Task Tries_during_an_outage_are_no_refusals()
    {
        await World.AddAsync("1", "one");
        var outage = World.Network.Inject(Fault.NotConnected() with { Verb = "patch" });
        var replacing = Task.Run(() => World.Store.ReplaceAsync("1", HaWorld.Stream("two"), Token), Token);
        await World.AdvanceAsync(TimeSpan.FromSeconds(8));
        await World.EditDataAsync("item-1", World.Added["1"].Text + " ");
        outage.Dispose();
        await World.WhileAdvancingAsync(replacing);

        await World.AssertEntriesAsync("1=two");
    }
}
