using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.Jobs;

namespace Flink.Kubernetes.HA.Tests.Checkpoints;

public sealed class CompletedCheckpointStoreTests() : WorldTest(() => HaWorld.LedAsync(HaWorld.JobManager))
{
    [Fact]
    public async Task A_checkpoint_the_one_it_subsumes_and_the_counter_take_one_request()
    {
        var store = await World.OpenCheckpointsAsync();
        await World.RunAsync(() => store.AddAsync("one", Token));
        World.Server.ClearRequests();

        var added = await World.RunAsync(() => store.AddAsync("two", Token));

        World.Server.Requests.Where(request => request.User == "a").Select(request => request.Verb).Should().Equal("patch");
        (added.Id, store.Latest!.Value).Should().Be((2, "two"));
        (await store.Counter.GetAsync(Token)).Should().Be(3);
        (await World.FindAsync(HaWorld.JobKey))!.Data.Keys.Where(key => key.StartsWith("checkpoint", StringComparison.Ordinal))
            .Should().Equal("checkpointID-0000000000000000002");
        await World.WhileAdvancingAsync(store.Discards);
        World.DataKeys.Should().ContainSingle(key => key.Contains("checkpointID", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_counter_that_is_known_from_before_the_last_checkpoint_is_read_again()
    {
        var store = await World.OpenCheckpointsAsync();
        await World.RunAsync(() => store.Counter.GetAndIncrementAsync(Token));
        var before = store.Counter.Known!;
        await World.RunAsync(() => store.AddAsync("two", Token));

        // What an answer does that comes late.
        store.Counter.Learn(before);
        var added = await World.RunAsync(() => store.AddAsync("three", Token));

        (added.Id, store.Latest!.Value).Should().Be((3, "three"));
        (await store.Counter.GetAsync(Token)).Should().Be(4);
    }

    [Fact]
    public async Task The_next_leader_recovers_all_that_are_kept_in_order()
    {
        var store = await World.OpenCheckpointsAsync(retained: 3);
        store.Latest.Should().BeNull();
        foreach (var id in (long[])[1, 2, 9, 10, 11])
        {
            await World.RunAsync(() => store.AddAsync(id, $"state {id}", Token));
        }

        World.Leader.Crash();
        var second = await World.LeadAsync(HaWorld.JobManager, "b");
        var recovered = await World.OpenCheckpointsAsync(second, retained: 2);

        recovered.All.Select(checkpoint => (checkpoint.Id, checkpoint.Value)).Should().Equal((9, "state 9"), (10, "state 10"), (11, "state 11"));
        (await World.RunAsync(() => recovered.Counter.GetAndIncrementAsync(Token))).Should().Be(12);
        await World.RunAsync(() => recovered.AddAsync(12, "state 12", Token));
        recovered.All.Select(checkpoint => checkpoint.Id).Should().Equal(11, 12);
        (await World.ReadCheckpoints().ListAsync(Token)).Select(checkpoint => checkpoint.Value).Should().Equal("state 11", "state 12");
        (await World.ReadCheckpoints().TryGetLatestAsync(Token))!.Value.Should().Be("state 12");
        await World.FailAsync<ArgumentOutOfRangeException>(() => recovered.AddAsync(12, "again", Token));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("truncated")]
    [InlineData("corrupt")]
    public async Task One_checkpoint_that_cannot_be_read_fails_recovery_by_its_name(string how)
    {
        var store = await World.OpenCheckpointsAsync(retained: 3);
        await World.RunAsync(() => store.AddAsync("one", Token));
        await World.RunAsync(() => store.AddAsync("two", Token));
        var key = store.All[1].Handle.State.Key;
        switch (how)
        {
            case "missing":
                await World.Data.DeleteAsync(key, Token);
                break;
            case "truncated":
                World.Data.Truncate(key, 1);
                break;
            default:
                World.Data.Corrupt(key);
                break;
        }

        var exception = await World.FailAsync<CheckpointRecoveryException>(() => World.OpenCheckpointsAsync());

        exception.CheckpointId.Should().Be(2);
        exception.Message.Should().Contain("checkpointID-0000000000000000002");
    }

    [Theory]
    [InlineData(StateStorageFailure.Unavailable)]
    [InlineData(StateStorageFailure.Throttled)]
    [InlineData(StateStorageFailure.Timeout)]
    public async Task A_storage_that_does_not_answer_is_asked_again_and_never_taken_for_lost_data(StateStorageFailure failure)
    {
        var store = await World.OpenCheckpointsAsync();
        await World.RunAsync(() => store.AddAsync("one", Token));
        World.Storage.Inject(Fault.Fail(failure) with { Verb = "read", Times = 3 });

        (await World.OpenCheckpointsAsync()).Latest!.Value.Should().Be("one");

        World.Leader.Logs.Count(654).Should().Be(3);
        World.Storage.Inject(Fault.Fail(failure) with { Verb = "read" });
        var exception = await World.FailAsync<StateStorageException>(() => World.OpenCheckpointsAsync());
        exception.Failure.Should().Be(failure);
        exception.Message.Should().NotContain("remove the key");
    }

    [Fact]
    public async Task A_storage_that_refuses_is_told_at_once_in_its_own_words()
    {
        var store = await World.OpenCheckpointsAsync();
        await World.RunAsync(() => store.AddAsync("one", Token));
        World.Storage.Inject(Fault.Fail(StateStorageFailure.AccessDenied) with { Verb = "read" });

        (await World.FailAsync<StateStorageException>(() => World.OpenCheckpointsAsync())).Failure.Should().Be(StateStorageFailure.AccessDenied);

        World.Storage.CountCalls("read").Should().Be(1);
    }

    [Fact]
    public async Task A_slow_storage_delays_no_checkpoint()
    {
        var store = await World.OpenCheckpointsAsync();
        await World.RunAsync(() => store.AddAsync("one", Token));
        World.Storage.Inject(Fault.Hang() with { Verb = "delete" });
        var begin = World.Time.GetTimestamp();

        foreach (var state in (string[])["two", "three", "four"])
        {
            await store.AddAsync(state, Token);
        }

        World.Time.GetElapsedTime(begin).Should().Be(TimeSpan.Zero);
        store.Latest!.Value.Should().Be("four");
        await World.WhileAdvancingAsync(store.Discards);
    }

    [Fact]
    public async Task An_old_checkpoint_that_is_missing_does_not_stop_a_job_that_goes_on()
    {
        var store = await World.OpenCheckpointsAsync(retained: 3);
        await World.RunAsync(() => store.AddAsync("one", Token));
        await World.RunAsync(() => store.AddAsync("two", Token));
        await World.Data.DeleteAsync(store.All[0].Handle.State.Key, Token);
        await CancelAddAsync(store, "three");

        (await World.RunAsync(() => store.AddAsync("four", Token))).Id.Should().Be(4);

        store.All.Select(checkpoint => checkpoint.Value).Should().Equal("two", "three", "four");
    }

    [Fact]
    public async Task The_data_that_a_canceled_add_has_subsumed_is_deleted_by_the_next()
    {
        var store = await World.OpenCheckpointsAsync();
        await World.RunAsync(() => store.AddAsync("one", Token));
        await CancelAddAsync(store, "two");

        await World.RunAsync(() => store.AddAsync("three", Token));

        await World.UntilAsync(() => World.DataKeys.Count() == 1, TimeSpan.FromSeconds(5), "only the data of the latest is left");
    }

    [Fact]
    public async Task A_pointer_that_was_touched_by_hand_goes_when_it_is_subsumed()
    {
        var store = await World.OpenCheckpointsAsync();
        var first = await World.RunAsync(() => store.AddAsync("one", Token));
        await World.EditDataAsync(first.Handle.Key, first.Handle.Text.Replace(",", ", ", StringComparison.Ordinal), HaWorld.JobKey);

        await World.RunAsync(() => store.AddAsync("two", Token));

        (await World.OpenCheckpointsAsync()).All.Select(checkpoint => checkpoint.Value).Should().Equal("two");
    }

    [Fact]
    public async Task A_job_that_has_ended_is_not_opened_again_neither_before_nor_after_its_clean_up()
    {
        await using var world = await HaWorld.WithJobAsync();
        var again = await world.LeadAsync(HaWorld.JobManager, "again");

        (await world.FailAsync<JobFinishedException>(() => world.OpenCheckpointsAsync(again))).Status.Should().Be(JobStatus.Finished);
        await world.RunAsync(again.StopAsync);
        await world.CleanUpJobAsync();
        var afterwards = await world.LeadAsync(HaWorld.JobManager, "afterwards");

        (await world.FailAsync<JobFinishedException>(() => world.OpenCheckpointsAsync(afterwards))).Status.Should().Be(JobStatus.Finished);
        await world.EditDataAsync("jobResult-" + HaWorld.JobId, null);
        var options = new CompletedCheckpointStoreOptions { RequireSubmittedJob = true };
        await world.FailAsync<JobFinishedException>(() => CompletedCheckpointStore<string>.OpenAsync(
            afterwards.Term!, world.Storage, TextSerializer.Instance, options, Token));
    }

    [Fact]
    public async Task A_checkpoint_that_the_serializer_cannot_read_fails_recovery_by_its_name()
    {
        var store = await World.OpenCheckpointsAsync(retained: 3);
        await World.RunAsync(() => store.AddAsync("one", Token));
        await World.RunAsync(() => store.AddAsync("two", Token));
        var fussy = new FussySerializer("two");

        var exception = await World.FailAsync<CheckpointRecoveryException>(() => World.OpenCheckpointsAsync(serializer: fussy));

        (exception.CheckpointId, exception.Handle).Should().Be((2, store.All[1].Handle));
        exception.InnerException.Should().BeSameAs(fussy.Failure);
        exception.Message.Should().Contain("checkpointID-0000000000000000002");
        exception.Message.Should().Contain(fussy.Failure.Message);
        (await World.OpenCheckpointsAsync(retained: 3)).All.Select(checkpoint => checkpoint.Value).Should().Equal("one", "two");
    }

    [Fact]
    public async Task A_pointer_or_counter_that_cannot_be_read_fails_recovery_by_its_name()
    {
        await World.OpenCheckpointsAsync();
        foreach (var key in (string[])["checkpointID-0000000000000000007", "checkpointID-7", "counter"])
        {
            await World.EditDataAsync(key, "x", HaWorld.JobKey);
            (await World.FailAsync(StateHandleFailure.Corrupt, () => World.OpenCheckpointsAsync())).Key.Should().Be(key);
            await World.EditDataAsync(key, null, HaWorld.JobKey);
        }
    }

    [Fact]
    public async Task A_deleted_ConfigMap_does_not_start_the_job_from_scratch()
    {
        var store = await World.OpenCheckpointsAsync();
        await World.RunAsync(() => store.AddAsync("one", Token));
        await World.Leader.StopAsync().WaitAsync(Token);
        await World.DeleteAsync(HaWorld.JobKey);

        await World.FailAsync<ConfigMapMissingException>(() => World.ReadCheckpoints().TryGetLatestAsync(Token));
        var second = await World.LeadAsync(HaWorld.JobManager, "b");
        await World.FailAsync<StateLostException>(() => World.OpenCheckpointsAsync(second));
    }

    [Fact]
    public async Task Data_of_a_subsumed_checkpoint_that_cannot_be_deleted_is_left_to_the_sweep()
    {
        var store = await World.OpenCheckpointsAsync();
        var first = await World.RunAsync(() => store.AddAsync("one", Token));
        using (World.Storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = "delete" }))
        {
            await World.RunAsync(() => store.AddAsync("two", Token));
            await World.WhileAdvancingAsync(store.Discards);
        }

        (await World.ReadCheckpoints().TryGetLatestAsync(Token))!.Value.Should().Be("two");
        World.DataKeys.Should().Contain(first.Handle.State.Key.Value);
        await World.AdvanceAsync(TimeSpan.FromMinutes(3));
        var sweep = World.CreateSweep(TimeSpan.FromMinutes(2));
        (await sweep.FindAsync(Token)).Orphans.Select(orphan => orphan.Key).Should().Equal(first.Handle.State.Key);
        (await World.RunAsync(() => sweep.DeleteAsync(World.Leader.Term!, Token))).Deleted.Should().Be(1);
        (await World.ReadCheckpoints().TryGetLatestAsync(Token))!.Value.Should().Be("two");
    }

    [Fact]
    public async Task A_canceled_checkpoint_may_be_kept_and_the_next_add_finds_out()
    {
        var store = await World.OpenCheckpointsAsync(retained: 2);
        await World.RunAsync(() => store.AddAsync("one", Token));
        await CancelAddAsync(store, "two");

        var third = await World.RunAsync(() => store.AddAsync("three", Token));

        third.Id.Should().Be(3);
        store.All.Select(checkpoint => checkpoint.Value).Should().Equal("two", "three");
        (await World.ReadCheckpoints().ListAsync(Token)).Select(checkpoint => checkpoint.Value).Should().Equal("two", "three");
    }

    [Fact]
    public async Task An_old_leader_adds_nothing()
    {
        var store = await World.OpenCheckpointsAsync();
        await World.RunAsync(() => store.AddAsync("one", Token));
        World.Network.Partition(silent: true);
        var second = await World.LeadAsync(HaWorld.JobManager, "b");
        var successor = await World.OpenCheckpointsAsync(second);
        await World.RunAsync(() => successor.AddAsync("two", Token));
        World.Network.Heal();

        await World.FailAsync<LeadershipLostException>(() => store.AddAsync("old", Token));
        (await World.ReadCheckpoints().TryGetLatestAsync(Token))!.Value.Should().Be("two");
    }

    [Fact]
    public async Task A_ConfigMap_without_rights_is_an_error_and_no_checkpoint()
    {
        var store = await World.OpenCheckpointsAsync();
        using var rule = World.Network.Inject(Fault.Fail(HttpStatusCode.Forbidden) with { Verb = "patch", Times = 1 });

        await World.FailAsync<KubernetesHaException>(() => store.AddAsync("one", Token));

        store.Latest.Should().BeNull();
        (await World.RunAsync(() => store.AddAsync("one", Token))).Id.Should().Be(1);
    }

    /// <summary>Cancels an add that has taken effect, before its response arrives.</summary>
    private async Task CancelAddAsync(CompletedCheckpointStore<string> store, string value)
    {
        using var cancellation = new CancellationTokenSource();
        using (World.Network.Inject(Fault.Hang(afterEffect: true) with { Verb = "patch", Times = 1 }))
        using (World.Network.Inject(Fault.NotConnected() with { Verb = "get" }))
        {
            var adding = store.AddAsync(value, cancellation.Token);
            await World.AdvanceAsync(TimeSpan.FromMilliseconds(500));
            await cancellation.CancelAsync();
            await Awaiting(() => World.RunAsync(() => adding)).Should().ThrowAsync<OperationCanceledException>();
        }
    }

    /// <summary>Reads all but one value, as a program does that has forgotten an older form.</summary>
    private sealed class FussySerializer(string refused) : IStateSerializer<string>
    {
        public Exception Failure { get; } = new FormatException("This form is not known any more.");

        public ValueTask SerializeAsync(string value, Stream destination, CancellationToken cancellationToken = default) =>
            TextSerializer.Instance.SerializeAsync(value, destination, cancellationToken);

        public async ValueTask<string> DeserializeAsync(Stream source, CancellationToken cancellationToken = default)
        {
            var value = await TextSerializer.Instance.DeserializeAsync(source, cancellationToken);
            return value == refused ? throw Failure : value;
        }
    }
}
