using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.Jobs;

namespace Flink.Kubernetes.HA.Tests.Checkpoints;

[Collection(SimulatedTime.Name)]
public sealed class CompletedCheckpointStoreTests
{
    private static CancellationToken Token => StoreWorld.Token;

    [Fact]
    public async Task A_checkpoint_the_one_it_subsumes_and_the_counter_take_one_request()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(StoreWorld.JobManager, "a");
        var store = await world.OpenCheckpointsAsync(leader.Term!);
        await world.RunAsync(() => store.AddAsync("one", Token));
        world.Election.Server.ClearRequests();

        var added = await world.RunAsync(() => store.AddAsync("two", Token));

        Assert.Equal(["patch"], world.Election.Server.Requests.Where(request => request.User == "a").Select(request => request.Verb));
        Assert.Equal((2, "two"), (added.Id, store.Latest!.Value));
        Assert.Equal(3, await store.Counter.GetAsync(Token));
        Assert.Equal(["checkpointID-0000000000000000002"], (await world.FindAsync(StoreWorld.JobKey))!.Data!.Keys.Where(key => key.StartsWith("checkpoint", StringComparison.Ordinal)));
        Assert.Single(world.Keys, key => key.Contains("checkpointID", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_next_leader_recovers_all_that_are_kept_in_order()
    {
        await using var world = new StoreWorld();
        var first = await world.LeadAsync(StoreWorld.JobManager, "a");
        var store = await world.OpenCheckpointsAsync(first.Term!, retained: 3);
        Assert.Null(store.Latest);
        foreach (var id in (long[])[1, 2, 9, 10, 11])
        {
            await world.RunAsync(() => store.AddAsync(id, $"state {id}", Token));
        }

        first.Crash();
        var second = await world.LeadAsync(StoreWorld.JobManager, "b");
        var recovered = await world.OpenCheckpointsAsync(second.Term!, retained: 2);

        Assert.Equal([(9, "state 9"), (10, "state 10"), (11, "state 11")], recovered.All.Select(checkpoint => (checkpoint.Id, checkpoint.Value)));
        Assert.Equal(12, await world.RunAsync(() => recovered.Counter.GetAndIncrementAsync(Token)));
        await world.RunAsync(() => recovered.AddAsync(12, "state 12", Token));
        Assert.Equal([11, 12], recovered.All.Select(checkpoint => checkpoint.Id));
        Assert.Equal(["state 11", "state 12"], (await world.ReadCheckpoints().ListAsync(Token)).Select(checkpoint => checkpoint.Value));
        Assert.Equal("state 12", (await world.ReadCheckpoints().TryGetLatestAsync(Token))!.Value);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => world.RunAsync(() => recovered.AddAsync(12, "again", Token)));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("truncated")]
    [InlineData("corrupt")]
    [InlineData("unreachable")]
    public async Task One_checkpoint_that_can_not_be_read_fails_recovery_by_its_name(string how)
    {
        await using var world = new StoreWorld();
        var first = await world.LeadAsync(StoreWorld.JobManager, "a");
        var store = await world.OpenCheckpointsAsync(first.Term!, retained: 3);
        await world.RunAsync(() => store.AddAsync("one", Token));
        await world.RunAsync(() => store.AddAsync("two", Token));
        var key = store.All[1].Handle.State.Key;
        switch (how)
        {
            case "missing":
                await world.Data.DeleteAsync(key, Token);
                break;
            case "truncated":
                world.Data.Truncate(key, 1);
                break;
            case "corrupt":
                world.Data.Corrupt(key);
                break;
            default:
                world.Storage.Inject(StorageFaultRule.Fail() with { Verb = "read", Prefix = key.Value });
                break;
        }

        var exception = await Assert.ThrowsAsync<CheckpointRecoveryException>(() => world.OpenCheckpointsAsync(first.Term!));

        Assert.Equal(2, exception.CheckpointId);
        Assert.Contains("checkpointID-0000000000000000002", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_that_the_serializer_can_not_read_fails_recovery_by_its_name()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(StoreWorld.JobManager, "a");
        var store = await world.OpenCheckpointsAsync(leader.Term!, retained: 3);
        await world.RunAsync(() => store.AddAsync("one", Token));
        await world.RunAsync(() => store.AddAsync("two", Token));
        var fussy = new FussySerializer("two");

        var exception = await Assert.ThrowsAsync<CheckpointRecoveryException>(() => world.RunAsync(() =>
            CompletedCheckpointStore<string>.OpenAsync(leader.Term!, StoreWorld.JobId, world.Storage, fussy, cancellationToken: Token)));

        Assert.Equal((2, store.All[1].Handle), (exception.CheckpointId, exception.Handle));
        Assert.Same(fussy.Failure, exception.InnerException);
        Assert.Contains("checkpointID-0000000000000000002", exception.Message, StringComparison.Ordinal);
        Assert.Contains(fussy.Failure.Message, exception.Message, StringComparison.Ordinal);
        Assert.Equal(["one", "two"], (await world.OpenCheckpointsAsync(leader.Term!, retained: 3)).All.Select(checkpoint => checkpoint.Value));
    }

    [Fact]
    public async Task A_pointer_or_counter_that_can_not_be_read_fails_recovery_by_its_name()
    {
        await using var world = new StoreWorld();
        var first = await world.LeadAsync(StoreWorld.JobManager, "a");
        await world.OpenCheckpointsAsync(first.Term!);
        foreach (var key in (string[])["checkpointID-0000000000000000007", "checkpointID-7", "counter"])
        {
            await world.EditAsync(StoreWorld.JobKey, key, "x");
            Assert.Equal(key, (await Assert.ThrowsAsync<StateHandleCorruptException>(() => world.OpenCheckpointsAsync(first.Term!))).Key);
            await world.EditAsync(StoreWorld.JobKey, key, null);
        }
    }

    [Fact]
    public async Task A_deleted_ConfigMap_does_not_start_the_job_from_scratch()
    {
        await using var world = new StoreWorld();
        var first = await world.LeadAsync(StoreWorld.JobManager, "a");
        var store = await world.OpenCheckpointsAsync(first.Term!);
        await world.RunAsync(() => store.AddAsync("one", Token));
        await first.StopAsync().WaitAsync(Token);
        await world.DeleteAsync(StoreWorld.JobKey);

        await Assert.ThrowsAsync<ConfigMapMissingException>(() => world.ReadCheckpoints().TryGetLatestAsync(Token));
        var second = await world.LeadAsync(StoreWorld.JobManager, "b");
        await Assert.ThrowsAsync<StateLostException>(() => world.OpenCheckpointsAsync(second.Term!));
    }

    [Fact]
    public async Task Data_of_a_subsumed_checkpoint_that_can_not_be_deleted_is_left_to_the_sweep()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(StoreWorld.JobManager, "a");
        var store = await world.OpenCheckpointsAsync(leader.Term!);
        var first = await world.RunAsync(() => store.AddAsync("one", Token));
        using (world.Storage.Inject(StorageFaultRule.Fail() with { Verb = "delete" }))
        {
            await world.RunAsync(() => store.AddAsync("two", Token));
        }

        Assert.Equal("two", (await world.ReadCheckpoints().TryGetLatestAsync(Token))!.Value);
        Assert.Contains(first.Handle.State.Key.Value, world.Keys);
        await world.Election.AdvanceAsync(TimeSpan.FromMinutes(3));
        var sweep = world.CreateSweep(TimeSpan.FromMinutes(2));
        Assert.Equal([first.Handle.State.Key], (await sweep.FindAsync(Token)).Orphans.Select(orphan => orphan.Key));
        Assert.Equal(1, (await world.RunAsync(() => sweep.DeleteAsync(leader.Term!, Token))).Deleted);
        Assert.Equal("two", (await world.ReadCheckpoints().TryGetLatestAsync(Token))!.Value);
    }

    [Fact]
    public async Task Only_a_globally_terminal_job_loses_its_checkpoints()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(StoreWorld.JobManager, "a");
        var store = await world.OpenCheckpointsAsync(leader.Term!);
        await world.RunAsync(() => store.AddAsync("one", Token));

        await world.RunAsync(() => store.ShutdownAsync(JobStatus.Suspended, Token));
        Assert.Empty(store.All);
        Assert.Equal("one", (await world.ReadCheckpoints().TryGetLatestAsync(Token))!.Value);
        var again = await world.OpenCheckpointsAsync(leader.Term!);
        await world.RunAsync(() => again.ShutdownAsync(JobStatus.Canceled, Token));
        await world.RunAsync(() => again.ShutdownAsync(JobStatus.Canceled, Token));

        Assert.Empty(await world.ReadCheckpoints().ListAsync(Token));
        Assert.DoesNotContain(world.Keys, key => key.Contains("checkpointID", StringComparison.Ordinal));
        Assert.False((await world.FindAsync(StoreWorld.JobKey))!.Data!.ContainsKey("counter"));
    }

    [Fact]
    public async Task A_checkpoint_that_was_given_up_may_be_kept_and_the_next_finds_out()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(StoreWorld.JobManager, "a");
        var store = await world.OpenCheckpointsAsync(leader.Term!, retained: 2);
        await world.RunAsync(() => store.AddAsync("one", Token));
        using var giveUp = new CancellationTokenSource();
        using (leader.Client.Inject(FaultRule.Hang(afterEffect: true) with { Verb = "patch", Times = 1 }))
        using (leader.Client.Inject(FaultRule.Fail() with { Verb = "get" }))
        {
            var adding = store.AddAsync("two", giveUp.Token);
            await world.Election.AdvanceAsync(TimeSpan.FromMilliseconds(500));
            await giveUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => world.RunAsync(() => adding));
        }

        var third = await world.RunAsync(() => store.AddAsync("three", Token));

        Assert.Equal(3, third.Id);
        Assert.Equal(["two", "three"], store.All.Select(checkpoint => checkpoint.Value));
        Assert.Equal(["two", "three"], (await world.ReadCheckpoints().ListAsync(Token)).Select(checkpoint => checkpoint.Value));
    }

    [Fact]
    public async Task An_old_leader_adds_nothing()
    {
        await using var world = new StoreWorld();
        var first = await world.LeadAsync(StoreWorld.JobManager, "a");
        var store = await world.OpenCheckpointsAsync(first.Term!);
        await world.RunAsync(() => store.AddAsync("one", Token));
        first.Client.Partition(silent: true);
        var second = await world.LeadAsync(StoreWorld.JobManager, "b");
        var successor = await world.OpenCheckpointsAsync(second.Term!);
        await world.RunAsync(() => successor.AddAsync("two", Token));
        first.Client.Heal();

        await Assert.ThrowsAsync<LeadershipLostException>(() => world.RunAsync(() => store.AddAsync("old", Token)));
        await Assert.ThrowsAsync<LeadershipLostException>(() => world.RunAsync(() => store.ShutdownAsync(JobStatus.Finished, Token)));

        Assert.Equal("two", (await world.ReadCheckpoints().TryGetLatestAsync(Token))!.Value);
    }

    [Fact]
    public async Task A_ConfigMap_without_rights_is_an_error_and_no_checkpoint()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(StoreWorld.JobManager, "a");
        var store = await world.OpenCheckpointsAsync(leader.Term!);
        using var rule = leader.Client.Inject(FaultRule.Fail(KubeFailure.Forbidden) with { Verb = "patch", Times = 1 });

        await Assert.ThrowsAsync<KubeClientException>(() => world.RunAsync(() => store.AddAsync("one", Token)));

        Assert.Null(store.Latest);
        Assert.Equal(1, (await world.RunAsync(() => store.AddAsync("one", Token))).Id);
    }

    /// <summary>Reads all but one value, as a program does that has forgotten an older form.</summary>
    private sealed class FussySerializer(string refused) : IStateSerializer<string>
    {
        public Exception Failure { get; } = new FormatException("This form is not known any more.");

        public ValueTask SerializeAsync(string value, Stream destination, CancellationToken cancellationToken = default) =>
            StoreWorld.Text.Serializer.SerializeAsync(value, destination, cancellationToken);

        public async ValueTask<string> DeserializeAsync(Stream source, CancellationToken cancellationToken = default)
        {
            var value = await StoreWorld.Text.Serializer.DeserializeAsync(source, cancellationToken);
            return value == refused ? throw Failure : value;
        }
    }
}
