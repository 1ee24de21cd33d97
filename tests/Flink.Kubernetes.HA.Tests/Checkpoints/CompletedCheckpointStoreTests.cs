using Flink.Kubernetes.HA.Checkpoints;

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
    [InlineData("unreachable")]
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
            case "corrupt":
                World.Data.Corrupt(key);
                break;
            default:
                World.Storage.Inject(Fault.Fail(StateStorageFailure.Unavailable) with { Verb = "read", Prefix = key.Value });
                break;
        }

        var exception = await World.FailAsync<CheckpointRecoveryException>(() => World.OpenCheckpointsAsync());

        exception.CheckpointId.Should().Be(2);
        exception.Message.Should().Contain("checkpointID-0000000000000000002");
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
    public async Task Only_a_globally_terminal_job_loses_its_checkpoints()
    {
        var store = await World.OpenCheckpointsAsync();
        await World.RunAsync(() => store.AddAsync("one", Token));

        await World.RunAsync(() => store.ShutdownAsync(JobStatus.Suspended, Token));
        store.All.Should().BeEmpty();
        (await World.ReadCheckpoints().TryGetLatestAsync(Token))!.Value.Should().Be("one");
        var again = await World.OpenCheckpointsAsync();
        await World.RunAsync(() => again.ShutdownAsync(JobStatus.Canceled, Token));
        await World.RunAsync(() => again.ShutdownAsync(JobStatus.Canceled, Token));

        (await World.ReadCheckpoints().ListAsync(Token)).Should().BeEmpty();
        World.DataKeys.Should().NotContain(key => key.Contains("checkpointID", StringComparison.Ordinal));
        (await World.FindAsync(HaWorld.JobKey))!.Data.Should().NotContainKey("counter");
    }

    [Fact]
    public async Task A_canceled_checkpoint_may_be_kept_and_the_next_add_finds_out()
    {
        var store = await World.OpenCheckpointsAsync(retained: 2);
        await World.RunAsync(() => store.AddAsync("one", Token));
        using var cancellation = new CancellationTokenSource();
        using (World.Network.Inject(Fault.Hang(afterEffect: true) with { Verb = "patch", Times = 1 }))
        using (World.Network.Inject(Fault.NotConnected() with { Verb = "get" }))
        {
            var adding = store.AddAsync("two", cancellation.Token);
            await World.AdvanceAsync(TimeSpan.FromMilliseconds(500));
            await cancellation.CancelAsync();
            await Awaiting(() => World.RunAsync(() => adding)).Should().ThrowAsync<OperationCanceledException>();
        }

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
        await World.FailAsync<LeadershipLostException>(() => store.ShutdownAsync(JobStatus.Finished, Token));

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
