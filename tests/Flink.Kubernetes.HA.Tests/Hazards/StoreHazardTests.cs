namespace Flink.Kubernetes.HA.Tests.Hazards;

/// <summary>What goes wrong with Flink's way of doing it, and does not here: each with the same schedule for both, where that makes sense.</summary>
/// <remarks>Of the fourteen hazards those about election and retrieval (7, 8, 10, 11, 12, 14) are tested with the election.</remarks>
public sealed class StoreHazardTests() : WorldTest(HaWorld.WithStoreAsync)
{
    [Fact]
    public async Task Hazard_1_a_replacement_whose_answer_was_lost_keeps_the_new_data()
    {
        using var flink = new FlinkStyleStore(World, "a");
        await flink.AddAsync("flink-1", "one");
        var handle = await World.AddAsync("1", "one");

        flink.Network.Inject(Fault.LoseResponse() with { Verb = "update", Times = 1 });
        await flink.ReplaceAsync("flink-1", "two");
        World.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 });
        await World.ReplaceAsync(handle, "two");

        (await flink.IsSoundAsync("flink-1")).Should().BeFalse();
        await World.AssertEntriesAsync("1=two");
        World.Data.Keys.Should().NotContain(handle.State.Key);
    }

    [Fact]
    public async Task Hazard_2_a_lost_answer_is_not_forgotten_over_the_failures_that_follow()
    {
        using var flink = new FlinkStyleStore(World, "a");

        flink.Network.Inject(Fault.LoseResponse() with { Verb = "update", Times = 1 });
        using (flink.Network.Inject(Fault.NotConnected() with { Verb = "get", After = 1 }))
        {
            await World.FailAsync<HttpRequestException>(() => flink.AddAsync("flink-1", "one"));
        }

        World.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 });
        World.Network.Inject(Fault.NotConnected() with { Verb = "get", Times = 5 });
        await World.AddAsync("1", "one");

        (await flink.IsSoundAsync("flink-1")).Should().BeFalse();
        await World.AssertEntriesAsync("1=one");
    }

    [Fact]
    public async Task Hazard_2_an_outcome_that_cannot_be_determined_stays_unknown_and_nothing_is_deleted()
    {
        var handle = await World.AddAsync("1", "one");
        var replacing = Task.Run(
            () =>
            {
                World.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 });
                World.Network.Inject(Fault.NotConnected() with { Verb = "patch", After = 1 });
                World.Network.Inject(Fault.NotConnected() with { Verb = "get" });
                return World.Store.ReplaceAsync(handle, HaWorld.Stream("two"), Token);
            },
            Token);

        var exception = (await Awaiting(() => World.WhileAdvancingAsync(replacing)).Should().ThrowExactlyAsync<StateOutcomeUnknownException>()).Which;

        exception.Message.Should().Contain("leadership was lost before it could be read back");
        exception.InnerException.Should().BeOfType<KubernetesHaException>();
        World.DataKeys.Should().HaveCount(2);
        await World.AssertEntriesAsync("1=two");
    }

    [Fact]
    public async Task Hazard_3_writes_of_a_deposed_leader_fail()
    {
        var handle = await World.AddAsync("1", "one");
        var successor = await World.TakeOverAsync();
        using var flink = new FlinkStyleStore(World, "\"a\"");
        Func<Task>[] writes =
        [
            () => World.Store.AddAsync("2", HaWorld.Stream("two"), Token),
            () => World.Store.TryAddAsync("1", HaWorld.Stream("two"), Token),
            () => World.Store.ReplaceAsync(handle, HaWorld.Stream("two"), Token),
            () => World.Store.ReplaceAsync("1", HaWorld.Stream("two"), Token),
            () => World.Store.TryReplaceAsync(handle, HaWorld.Stream("two"), Token),
            () => World.Store.RemoveAsync(handle, Token),
            () => World.Store.RemoveAsync("1", Token),
            () => World.Store.RemoveAsync("none", Token),
            () => World.Store.ClearAsync(Token),
            () => World.Store.CreateBatch().SetValue("counter", null, "1").CommitAsync(Token),
        ];

        await flink.AddAsync("flink-1", "acknowledged, and gone");

        (await flink.GetAllAsync()).Should().BeEmpty();
        foreach (var write in writes)
        {
            await World.FailAsync<LeadershipLostException>(write);
        }

        await World.AssertEntriesAsync("1=one");
        await World.AssertNothingLeftBehindAsync();
        await World.RunAsync(() => successor.RemoveAsync(handle, Token));
    }

    [Fact]
    public async Task Hazard_4_the_data_of_a_job_is_fenced_like_all_other()
    {
        await World.SetAsync("counter", null, "1");
        var successor = await World.TakeOverAsync();
        await World.RunAsync(() => successor.CreateBatch().SetValue("counter", "1", "2").CommitAsync(Token));

        // The old leader cannot set it even from the value that is stored.
        await World.FailAsync<LeadershipLostException>(() => World.SetAsync("counter", "2", "3"));
        using var flink = new FlinkStyleStore(World, lockIdentity: null);
        await flink.AddAsync("flink-1", "written by who does not lead");

        (await World.ValueAsync("counter")).Should().Be("2");
        (await World.ValueAsync("flink-1")).Should().NotBeNull();
    }

    [Fact]
    public async Task Hazard_5_a_replacement_of_what_cannot_be_read_is_refused_before_it_is_made()
    {
        var handle = await World.AddAsync("1", "one");
        await World.EditDataAsync("item-1", "damaged");
        await World.EditDataAsync("flink-1", "damaged");

        // Flink's way fails as well, but after it has written.
        using var flink = new FlinkStyleStore(World, "a");
        await World.FailAsync<InvalidOperationException>(() => flink.ReplaceAsync("flink-1", "two"));
        var flinkData = new StateKey((await World.ValueAsync("flink-1"))!);
        flinkData.Value.Should().StartWith("flink/");

        await World.FailAsync(StateHandleFailure.Corrupt, () => World.ReplaceAsync("1", "two"));
        await World.FailAsync(StateHandleFailure.Corrupt, () => World.ReplaceAsync(handle, "two"));

        (await World.ValueAsync("item-1")).Should().Be("damaged");
        World.Data.Keys.Where(key => key != flinkData).Should().Equal(handle.State.Key);
    }

    [Fact]
    public async Task Hazard_6_many_removals_and_adds_of_the_same_names_do_not_wait_for_each_other_for_ever()
    {
        var names = Enumerable.Range(0, 20).Select(i => $"{i:00}").ToList();
        foreach (var name in names)
        {
            await World.AddAsync(name, "old");
        }

        World.Server.ClearRequests();
        await World.RunAsync(() => Task.WhenAll(names.Select(name => Task.Run(
            async () =>
            {
                await World.Store.RemoveAsync(World.Added[name], Token);
                await World.Store.AddAsync(name, HaWorld.Stream("new"), Token);
            },
            Token))));

        await World.AssertEntriesAsync([.. names.Select(name => $"{name}=new")]);
        await World.AssertNothingLeftBehindAsync();

        // One for each removal and one for each add: no conflict comes on top. The requests of the checks above are the admin's.
        World.Server.Requests.Count(request => request.User == "a").Should().BeInRange(40, 44);
    }

    [Fact]
    public async Task Hazard_6_a_removal_leaves_no_marked_entry_that_an_add_would_have_to_finish()
    {
        await World.EditDataAsync("flink-1", FlinkStyleStore.Marked);
        await World.AddAsync("1", "old");
        World.Storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = "delete", Times = 1 });
        await World.RemoveAsync("1");

        // A pool of one: the outer transaction holds the place that the inner one waits for.
        using var pool = new SemaphoreSlim(1);
        using var flink = new FlinkStyleStore(World, "a");
        var adding = flink.AddOverMarkedAsync("flink-1", "new", pool);
        await World.AddAsync("1", "new");
        await World.AdvanceAsync(TimeSpan.FromMinutes(5));
        adding.IsCompleted.Should().BeFalse();
        await World.AssertEntriesAsync("1=new");

        // With a second place it ends, after the inner write has made the outer one conflict.
        pool.Release();
        await World.WhileAdvancingAsync(adding);
        flink.Network.CountCalls("update").Should().Be(3);
    }

    [Fact]
    public async Task Hazard_9_a_deleted_ConfigMap_is_not_an_empty_store()
    {
        // Nobody leads, so that the ConfigMap stays away for a while.
        await World.AddAsync("1", "one");
        await World.WhileAdvancingAsync(World.Leader.StopAsync());
        await World.DeleteAsync();

        using var flink = new FlinkStyleStore(World, "a");
        (await flink.GetAllAsync()).Should().BeEmpty();
        await World.FailAsync<ConfigMapMissingException>(() => World.Reader.ListAsync(Token));
        await World.FailAsync<ConfigMapMissingException>(() => World.Reader.GetAsync("1", Token));
        await World.FailAsync<ConfigMapMissingException>(() => World.Reader.ExistsAsync("1", Token));
        World.DataKeys.Should().ContainSingle();
    }

    [Fact]
    public async Task Hazard_13_what_was_refused_is_not_called_unknown_and_heartbeats_do_not_refuse_anything()
    {
        for (var i = 0; i < 20; i++)
        {
            await World.AddAsync($"{i:00}", "data");
            await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await World.FailAsync(StateHandleFailure.AlreadyExists, () => World.AddAsync("00", "other"));

        (await World.ReadBackAsync()).Should().HaveCount(20);
        await World.AssertNothingLeftBehindAsync();
        World.Leader.Logs.Count(650).Should().Be(0);
    }

    [Fact]
    public async Task Hazard_13_a_conflict_is_a_refusal_and_leaves_no_data_behind()
    {
        using var flink = new FlinkStyleStore(World, "a");
        flink.Network.Inject(Fault.Fail(HttpStatusCode.Conflict) with { Verb = "update" });
        await World.FailAsync<FlinkStyleStore.PossiblyInconsistentException>(() => flink.AddAsync("flink-1", "one"));

        (await World.ValueAsync("flink-1")).Should().BeNull();
        var leftBehind = World.Data.Keys.Should().ContainSingle().Which;
        await World.Data.DeleteAsync(leftBehind, Token);

        World.Network.Inject(Fault.Fail(HttpStatusCode.Conflict) with { Verb = "patch", Times = 1 });
        var refused = await World.FailAsync<KubernetesHaException>(() => World.AddAsync("1", "one"));
        (refused.Failure, refused.IsOutcomeUnknown).Should().Be((KubernetesFailure.Conflict, false));
        await World.AssertEntriesAsync();
        World.DataKeys.Should().BeEmpty();
    }
}
