namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Disposal and cancellation in the middle of something, and callbacks that wait (promises P3, P4).</summary>
public sealed class EndingTests : ElectionTests
{
    [Fact]
    public async Task A_service_that_is_disposed_in_the_moment_of_winning_ends_although_its_work_heeds_only_Lost()
    {
        Task? disposal = null;
        var replica = World.Start("a", r =>
        {
            r.Work = async term => await Task.Delay(Timeout.InfiniteTimeSpan, term.Lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            r.Logs.Logged = id => disposal ??= id == 301 ? r.Service.DisposeAsync().AsTask() : null;
        });
        await World.UntilAsync(() => disposal is { IsCompletedSuccessfully: true }, TimeSpan.FromSeconds(5), "the disposal ends");
        await World.UntilAsync(() => replica.Failure is not null, TimeSpan.FromSeconds(1), "the enumeration ends");
        replica.TakeFailure().Should().BeOfType<ObjectDisposedException>();
        (await World.ReadRecordAsync()).IsReleased.Should().BeTrue();
    }

    [Theory]
    [InlineData("""{"holderIdentity":"leader","leaseDurationSeconds":15,"edited":true}""", true)]
    [InlineData("""{"holderIdentity":"leader","leaseDurationSeconds":15,"edited":true}""", false)]
    [InlineData("junk", true)]
    [InlineData(null, true)]
    public async Task A_lock_that_was_edited_just_before_is_still_released(string? annotation, bool hasData)
    {
        var (leader, standby) = await StartBothAsync("http://leader");
        leader.Network.SilenceWatches();

        await World.EditLockAsync(annotation);
        if (!hasData)
        {
            await World.RemoveDataAsync();
        }

        await World.WhileAdvancingAsync(leader.StopAsync());
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(1), "the standby leads without waiting for a lease");
        leader.Logs.Count(305).Should().Be(1);
    }

    [Fact]
    public async Task A_lock_whose_data_was_removed_just_before_is_still_released()
    {
        var leader = await World.StartLeaderAsync("leader");
        await World.RemoveDataAsync();
        await World.WhileAdvancingAsync(leader.StopAsync());
        (await World.ReadRecordAsync()).IsReleased.Should().BeTrue();
    }

    [Fact]
    public async Task A_callback_on_Lost_can_wait_for_work_that_heeds_Stopping()
    {
        var leader = await World.StartLeaderAsync("leader");
        var term = leader.Term!;
        using var workEnded = new ManualResetEventSlim();
        var waited = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var work = term.Stopping.UnsafeRegister(_ => workEnded.Set(), null);
        using var callback = term.Lost.UnsafeRegister(_ => waited.SetResult(workEnded.Wait(TimeSpan.FromSeconds(10), Token)), null);

        await World.EditLockAsync("""{"holderIdentity":"client-go","leaseDurationSeconds":15}""");
        (await World.WhileAdvancingAsync(waited.Task)).Should().BeTrue();
    }

    [Fact]
    public async Task A_read_that_fails_as_it_is_canceled_tells_of_the_cancellation()
    {
        using var canceled = new CancellationTokenSource();
        var late = new LateFailures { Sent = canceled.Cancel };
        late.Fail();
        await Awaiting(() => late.ToLock(World).ReadAsync(canceled.Token)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task When_a_fenced_write_finds_its_ConfigMap_gone_it_says_so()
    {
        var leader = await World.StartLeaderAsync("leader");
        var writes = leader.Term!.Writes;
        leader.Network.SilenceWatches();
        await World.DeleteAsync();
        var lost = (await Awaiting(() => World.WhileAdvancingAsync(writes.PatchAsync([PatchOperation.Add("/data/mine", "1")], Token)))
            .Should().ThrowExactlyAsync<LeadershipLostException>()).Which;
        lost.Reason.Should().Be(LeadershipLossReason.Deleted);
    }
}
