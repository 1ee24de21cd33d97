namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Releasing the lock: the work ends first, then the next leads at once (promise P4).</summary>
public sealed class ReleaseTests : ElectionTests
{
    [Fact]
    public async Task The_lock_is_kept_until_the_work_has_ended_and_then_released()
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var leader = await World.StartLeaderAsync("leader", r => r.Work = _ => ended.Task);
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));

        var stop = leader.StopAsync();
        await World.AdvanceAsync(TimeSpan.FromMinutes(5));
        leader.Term!.Stopping.IsCancellationRequested.Should().BeTrue();
        leader.Term.Lost.IsCancellationRequested.Should().BeFalse();
        leader.Leads.Should().BeTrue();
        standby.Terms.Should().BeEmpty();

        ended.SetResult();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromMilliseconds(20), "the standby leads at once");
        await World.WhileAdvancingAsync(stop);
        leader.Logs.Count(305).Should().Be(1);
    }

    [Fact]
    public async Task A_release_leaves_no_address_and_no_session_but_the_token()
    {
        var leader = await World.StartLeaderAsync("leader", r => r.Address = "http://leader");
        await World.WhileAdvancingAsync(leader.StopAsync());

        var configMap = await World.ReadAsync();
        configMap.Data.Keys.Should().Equal("fencingToken");
        var record = await World.ReadRecordAsync();
        record.IsReleased.Should().BeTrue();
        record.Annotation.Should().Contain("\"holderIdentity\":\"\",\"leaseDurationSeconds\":1");
    }

    [Fact]
    public async Task A_term_that_is_released_while_contending_continues_lets_the_others_lead()
    {
        var give = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = await World.StartLeaderAsync("first", r => r.Work = _ => give.Task);
        var second = World.Start("second");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        give.SetResult();
        await World.UntilAsync(() => second.Leads, TimeSpan.FromMilliseconds(20), "the other leads");
        first.Terms.Should().ContainSingle();
    }

    [Fact]
    public async Task A_process_that_is_alone_leads_again_a_retry_period_after_its_release()
    {
        var only = World.Start("only", r => r.Work = _ => Task.CompletedTask);
        await World.UntilAsync(() => only.Terms.Count == 3, TimeSpan.FromSeconds(4.2), "it has led three times");
    }

    [Theory]
    [InlineData("lose response")]
    [InlineData("lose request")]
    [InlineData("not connected")]
    [InlineData("renewal unknown")]
    public async Task A_release_that_goes_wrong_once_is_tried_again(string what)
    {
        var leader = await World.StartLeaderAsync("leader");
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1.5));
        if (what == "renewal unknown")
        {
            using (leader.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 }))
            {
                await World.AdvanceAsync(TimeSpan.FromSeconds(0.6));
            }
        }
        else
        {
            leader.Network.Inject(HaWorld.FaultNamed(what) with { Verb = "patch", Times = 1 });
        }

        var stop = leader.StopAsync();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(1), "the standby leads long before the lease is over");
        await World.WhileAdvancingAsync(stop);
        leader.Logs.Count(306).Should().Be(0);
    }

    [Fact]
    public async Task Cut_off_a_process_still_ends_in_time_and_says_that_the_lock_runs_out_by_itself()
    {
        var leader = await World.StartLeaderAsync("leader");
        leader.Network.Partition(silent: true);
        var before = World.Time.GetTimestamp();

        await World.WhileAdvancingAsync(leader.StopAsync());

        World.Time.GetElapsedTime(before).Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(18));
        leader.Logs.Count(306).Should().Be(1);
    }

    [Theory]
    [InlineData("patch", false)]
    [InlineData("patch", true)]
    [InlineData("create", false)]
    [InlineData("create", true)]
    public async Task Cancelled_while_it_takes_the_lock_it_leaves_no_lock_behind(string verb, bool afterEffect)
    {
        var first = World.Start("first", r => r.Network.Inject(Fault.Delay(TimeSpan.FromSeconds(1), afterEffect) with { Verb = verb, Times = 1 }));
        await World.AdvanceAsync(TimeSpan.FromSeconds(0.5));

        await World.WhileAdvancingAsync(first.StopAsync());
        first.Terms.Should().BeEmpty();

        var second = World.Start("second");
        await World.UntilAsync(() => second.Leads, TimeSpan.FromMilliseconds(50), "the next leads at once");
    }

    [Fact]
    public async Task Cancelled_while_the_outcome_of_taking_it_is_unknown_it_leaves_no_lock_behind()
    {
        await World.CreateAsync();
        var first = World.Start("first", r =>
        {
            r.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 });
            r.Network.Inject(Fault.Hang() with { Verb = "get", Times = 1 });
        });
        await World.AdvanceAsync(TimeSpan.FromSeconds(0.5));
        (await World.ReadRecordAsync()).HolderIdentity.Should().Be("first");

        await World.WhileAdvancingAsync(first.StopAsync());
        (await World.ReadRecordAsync()).IsReleased.Should().BeTrue();
    }

    [Fact]
    public async Task Disposing_a_term_twice_and_from_its_own_callback_ends_it_once()
    {
        var leader = World.Start("leader", r => r.Work = async term =>
        {
            term.Lost.Register(() => term.DisposeAsync().AsTask().GetAwaiter().GetResult());
            await Task.WhenAll(term.DisposeAsync().AsTask(), term.DisposeAsync().AsTask());
        });

        await World.UntilAsync(() => leader.Terms.Count >= 2, TimeSpan.FromSeconds(5), "it goes on");
        leader.Terms.First().LossReason.Should().Be(LeadershipLossReason.Released);
    }

    [Fact]
    public async Task A_callback_that_throws_is_logged_and_harms_nothing()
    {
        var leader = World.Start("leader", r => r.Work = term =>
        {
            term.Lost.Register(() => throw new InvalidOperationException("the user's"));
            return Task.CompletedTask;
        });

        await World.UntilAsync(() => leader.Terms.Count >= 2, TimeSpan.FromSeconds(5), "it goes on");
        leader.Logs.Count(309).Should().BeGreaterThanOrEqualTo(1);
    }

    [Fact]
    public async Task Disposing_the_service_ends_contending_and_the_term_but_releases_nothing_under_its_work()
    {
        var working = new TaskCompletionSource();
        var leader = await World.StartLeaderAsync("leader", r => r.Work = _ => working.Task);
        var standby = World.Start("standby");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        var term = leader.Term!;

        await World.WhileAdvancingAsync(leader.Service.DisposeAsync().AsTask());
        (term.Lost.IsCancellationRequested, term.LossReason).Should().Be((true, LeadershipLossReason.Abandoned));
        await World.AdvanceAsync(TimeSpan.FromSeconds(12));
        standby.Terms.Should().BeEmpty("the work may still be running");
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(4), "the standby leads after the lease");
        working.SetResult();

        await World.WhileAdvancingAsync(standby.Service.DisposeAsync().AsTask());
        await Awaiting(async () => await standby.Service.ContendAsync(Token).GetAsyncEnumerator(Token).MoveNextAsync())
            .Should().ThrowExactlyAsync<ObjectDisposedException>();
        World.Replicas.Should().AllSatisfy(r => r.TakeFailure().Should().BeOfType<ObjectDisposedException>());
    }

    [Fact]
    public async Task Work_that_ends_when_the_service_is_disposed_is_waited_for_and_its_lock_released()
    {
        var (leader, standby) = await StartBothAsync();
        await World.WhileAdvancingAsync(leader.Service.DisposeAsync().AsTask());
        leader.Term!.LossReason.Should().Be(LeadershipLossReason.Released);
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromMilliseconds(50), "the standby leads");
        leader.TakeFailure().Should().BeOfType<ObjectDisposedException>();
    }

    [Fact]
    public async Task Only_one_enumeration_runs_at_a_time()
    {
        var leader = await World.StartLeaderAsync("leader");

        var second = leader.Service.ContendAsync(Token).GetAsyncEnumerator(Token);
        var exception = (await Awaiting(async () => await second.MoveNextAsync()).Should().ThrowExactlyAsync<InvalidOperationException>()).Which;
        exception.Message.Should().Contain("dispatcher");
    }
}
