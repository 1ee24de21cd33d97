using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Disposal and cancellation in the middle of something, and callbacks that wait (promises P3, P4).</summary>
[Collection(SimulatedTime.Name)]
public sealed class EndingTests
{
    [Fact]
    public async Task A_service_that_is_disposed_in_the_moment_of_winning_ends_although_its_work_heeds_only_Lost()
    {
        await using var cluster = new ElectionCluster();
        Task? disposal = null;
        var replica = cluster.Start("a", r =>
        {
            r.Work = async term => await Task.Delay(Timeout.InfiniteTimeSpan, term.Lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            r.Logs.Logged = id => disposal ??= id == 301 ? r.Service.DisposeAsync().AsTask() : null;
        });
        await cluster.UntilAsync(() => disposal is { IsCompletedSuccessfully: true }, TimeSpan.FromSeconds(5), "the disposal ends");
        await cluster.UntilAsync(() => replica.Failure is not null, TimeSpan.FromSeconds(1), "the enumeration ends");
        Assert.IsType<ObjectDisposedException>(replica.TakeFailure());
        Assert.True((await cluster.ReadRecordAsync()).IsReleased);
    }

    [Theory]
    [InlineData("""{"holderIdentity":"leader","leaseDurationSeconds":15,"edited":true}""", true)]
    [InlineData("""{"holderIdentity":"leader","leaseDurationSeconds":15,"edited":true}""", false)]
    [InlineData("junk", true)]
    [InlineData(null, true)]
    public async Task A_lock_that_was_edited_just_before_is_given_up_all_the_same(string? annotation, bool hasData)
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader", r => r.Address = "http://leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
        leader.Client.SilenceWatches();

        await cluster.EditLockAsync(annotation);
        if (!hasData)
        {
            await cluster.EditAsync(new JsonObject { ["data"] = null });
        }

        await cluster.WhileAdvancingAsync(leader.StopAsync());
        await cluster.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(1), "the standby leads without waiting for a lease");
        Assert.Equal(1, leader.Logs.Count(305));
    }

    [Fact]
    public async Task A_lock_whose_data_was_taken_away_just_before_is_given_up_all_the_same()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        await cluster.EditAsync(new JsonObject { ["data"] = null });
        await cluster.WhileAdvancingAsync(leader.StopAsync());
        Assert.True((await cluster.ReadRecordAsync()).IsReleased);
    }

    [Fact]
    public async Task A_callback_on_Lost_can_wait_for_work_that_heeds_Stopping()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var term = leader.Term!;
        using var workEnded = new ManualResetEventSlim();
        var waited = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var work = term.Stopping.UnsafeRegister(_ => workEnded.Set(), null);
        using var callback = term.Lost.UnsafeRegister(_ => waited.SetResult(workEnded.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)), null);

        await cluster.EditLockAsync("""{"holderIdentity":"client-go","leaseDurationSeconds":15}""");
        Assert.True(await cluster.WhileAdvancingAsync(waited.Task));
    }

    [Fact]
    public async Task A_read_that_fails_as_it_is_cancelled_tells_of_the_cancellation()
    {
        await using var client = new LateFailures { FailsAtOnce = true };
        var requests = new LockRequests(client, ElectionCluster.Key, TimeSpan.FromSeconds(3), TimeProvider.System);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => requests.ReadAsync(cancelled.Token));
    }

    [Fact]
    public async Task When_a_fenced_write_finds_its_ConfigMap_gone_it_says_so()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var writes = leader.Term!.Writes;
        leader.Client.SilenceWatches();
        await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: TestContext.Current.CancellationToken);
        var lost = await Assert.ThrowsAsync<LeadershipLostException>(
            () => cluster.WhileAdvancingAsync(writes.PatchAsync([JsonPatchOperation.Add("/data/mine", "1")], TestContext.Current.CancellationToken)));
        Assert.Equal(LeadershipLossReason.Deleted, lost.Reason);
    }
}
