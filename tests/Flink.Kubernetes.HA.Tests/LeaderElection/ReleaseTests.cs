using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Testing;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Giving the lock up: the work ends first, then the next leads at once (promise P4).</summary>
[Collection(SimulatedTime.Name)]
public sealed class ReleaseTests
{
    [Fact]
    public async Task The_lock_is_kept_until_the_work_has_ended_and_given_up_then()
    {
        await using var cluster = new ElectionCluster();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var leader = await cluster.StartLeaderAsync("leader", r => r.Work = _ => ended.Task);
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(3));

        var stop = leader.StopAsync();
        await cluster.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.True(leader.Term!.Stopping.IsCancellationRequested);
        Assert.False(leader.Term.Lost.IsCancellationRequested);
        Assert.True(leader.Leads);
        Assert.Empty(standby.Terms);

        ended.SetResult();
        await cluster.UntilAsync(() => standby.Leads, TimeSpan.FromMilliseconds(20), "the standby leads at once");
        await cluster.WhileAdvancingAsync(stop);
        Assert.Equal(1, leader.Logs.Count(305));
    }

    [Fact]
    public async Task A_release_leaves_no_address_and_no_session_but_the_token()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader", r => r.Address = "http://leader");
        await cluster.WhileAdvancingAsync(leader.StopAsync());

        var configMap = await cluster.ReadAsync();
        Assert.Equal(["fencingToken"], configMap.Data!.Keys);
        var record = await cluster.ReadRecordAsync();
        Assert.True(record.IsReleased);
        Assert.Contains("\"holderIdentity\":\"\",\"leaseDurationSeconds\":1", record.Annotation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_term_that_is_given_up_while_contending_goes_on_lets_the_others_lead()
    {
        await using var cluster = new ElectionCluster();
        var give = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = await cluster.StartLeaderAsync("first", r => r.Work = _ => give.Task);
        var second = cluster.Start("second");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        give.SetResult();
        await cluster.UntilAsync(() => second.Leads, TimeSpan.FromMilliseconds(20), "the other leads");
        Assert.Single(first.Terms);
    }

    [Fact]
    public async Task Alone_a_process_that_gives_up_its_term_leads_again_after_a_retry_period()
    {
        await using var cluster = new ElectionCluster();
        var only = cluster.Start("only", r => r.Work = _ => Task.CompletedTask);
        await cluster.UntilAsync(() => only.Terms.Count == 3, TimeSpan.FromSeconds(4.2), "it has led three times");
    }

    [Theory]
    [InlineData("lose response")]
    [InlineData("lose request")]
    [InlineData("fail")]
    [InlineData("renewal unknown")]
    public async Task A_release_that_goes_wrong_once_is_tried_again(string what)
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1.5));
        if (what == "renewal unknown")
        {
            using (leader.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 }))
            {
                await cluster.AdvanceAsync(TimeSpan.FromSeconds(0.6));
            }
        }
        else
        {
            leader.Client.Inject((what == "lose response" ? FaultRule.LoseResponse() : what == "lose request" ? FaultRule.LoseRequest() : FaultRule.Fail()) with { Verb = "patch", Times = 1 });
        }

        var stop = leader.StopAsync();
        await cluster.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(1), "the standby leads long before the lease is over");
        await cluster.WhileAdvancingAsync(stop);
        Assert.Equal(0, leader.Logs.Count(306));
    }

    [Fact]
    public async Task Cut_off_a_process_still_ends_in_time_and_says_that_the_lock_runs_out_by_itself()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        leader.Client.Partition(silent: true);
        var before = cluster.Time.GetTimestamp();

        await cluster.WhileAdvancingAsync(leader.StopAsync());

        Assert.True(cluster.Time.GetElapsedTime(before) <= TimeSpan.FromSeconds(18));
        Assert.Equal(1, leader.Logs.Count(306));
    }

    [Theory]
    [InlineData("patch", false)]
    [InlineData("patch", true)]
    [InlineData("create", false)]
    [InlineData("create", true)]
    public async Task Cancelled_while_it_takes_the_lock_it_leaves_no_lock_behind(string verb, bool afterEffect)
    {
        await using var cluster = new ElectionCluster();
        var first = cluster.Start("first", r => r.Client.Inject(FaultRule.Delay(TimeSpan.FromSeconds(1), afterEffect) with { Verb = verb, Times = 1 }));
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(0.5));

        await cluster.WhileAdvancingAsync(first.StopAsync());
        Assert.Empty(first.Terms);

        var second = cluster.Start("second");
        await cluster.UntilAsync(() => second.Leads, TimeSpan.FromMilliseconds(50), "the next leads at once");
    }

    [Fact]
    public async Task Cancelled_while_the_outcome_of_taking_it_is_unknown_it_leaves_no_lock_behind()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync();
        var first = cluster.Start("first", r =>
        {
            r.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 });
            r.Client.Inject(FaultRule.Hang() with { Verb = "get", Times = 1 });
        });
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(0.5));
        Assert.Equal("first", (await cluster.ReadRecordAsync()).HolderIdentity);

        await cluster.WhileAdvancingAsync(first.StopAsync());
        Assert.True((await cluster.ReadRecordAsync()).IsReleased);
    }

    [Fact]
    public async Task Disposing_a_term_twice_and_from_its_own_callback_ends_it_once()
    {
        await using var cluster = new ElectionCluster();
        var leader = cluster.Start("leader", r => r.Work = async term =>
        {
            term.Lost.Register(() => term.DisposeAsync().AsTask().GetAwaiter().GetResult());
            await Task.WhenAll(term.DisposeAsync().AsTask(), term.DisposeAsync().AsTask());
        });

        await cluster.UntilAsync(() => leader.Terms.Count >= 2, TimeSpan.FromSeconds(5), "it goes on");
        Assert.Equal(LeadershipLossReason.GivenUp, leader.Terms.First().LossReason);
    }

    [Fact]
    public async Task A_callback_that_throws_is_logged_and_harms_nothing()
    {
        await using var cluster = new ElectionCluster();
        var leader = cluster.Start("leader", r => r.Work = term =>
        {
            term.Lost.Register(() => throw new InvalidOperationException("the user's"));
            return Task.CompletedTask;
        });

        await cluster.UntilAsync(() => leader.Terms.Count >= 2, TimeSpan.FromSeconds(5), "it goes on");
        Assert.True(leader.Logs.Count(309) >= 1);
    }

    [Fact]
    public async Task Disposing_the_service_gives_up_the_term_and_ends_contending()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");
        var standby = cluster.Start("standby");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        await cluster.WhileAdvancingAsync(leader.Service.DisposeAsync().AsTask());
        await cluster.UntilAsync(() => standby.Leads, TimeSpan.FromMilliseconds(50), "the standby leads");
        await cluster.WhileAdvancingAsync(standby.Service.DisposeAsync().AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await standby.Service.ContendAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken).MoveNextAsync());
        Assert.All(cluster.Replicas, r => Assert.IsType<ObjectDisposedException>(r.TakeFailure()));
    }

    [Fact]
    public async Task Only_one_enumeration_runs_at_a_time()
    {
        await using var cluster = new ElectionCluster();
        var leader = await cluster.StartLeaderAsync("leader");

        var second = leader.Service.ContendAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(async () => await second.MoveNextAsync());
        Assert.Contains("dispatcher", exception.Message, StringComparison.Ordinal);
    }
}
