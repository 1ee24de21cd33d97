using Flink.Kubernetes.HA.ConfigMaps;
using k8s;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>The edges of the Lease mode: late writes, terms that are given up in the middle, other leases (promises P2, P4, P5).</summary>
public sealed class ProcessLeaseEdgeTests : ElectionTests
{
    private static LeaderElectionOptions ByLease => new() { HeartbeatMode = HeartbeatMode.ProcessLease };

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public async Task A_write_of_a_store_whose_answer_was_lost_is_settled_because_the_lock_is_written_anew(int components)
    {
        var leader = await StartLeaderAsync();
        var terms = new List<LeadershipTerm>();
        for (var i = 1; i < components; i++)
        {
            terms.Add(await LeadAsync(leader, LeaderComponent.Custom($"c{i}")));
        }

        var term = terms.LastOrDefault() ?? leader.Term!;
        World.Forget();
        var before = LeaderElectionRecord.Parse((await World.ReadAsync(HaWorld.KeyOf(term.Component))).Annotation(HaNames.LockAnnotation)).Annotation!;

        var moved = term.MoveFenceAsync(before, Token);
        await World.UntilAsync(() => moved.IsCompleted, TimeSpan.FromSeconds(1), "the lock was written");

        term.History.Latest.Texts.Lock.Should().NotBe(before);
        await EndAsync(terms);
    }

    [Fact]
    public async Task An_acquisition_that_arrives_after_its_caller_has_canceled_is_not_held_for_as_long_as_the_process_lives()
    {
        var leader = await StartLeaderAsync();
        await World.CreateAsync("""{"holderIdentity":"","leaseDurationSeconds":1}""", key: HaWorld.KeyOf(LeaderComponent.ResourceManager));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        leader.Network.Inject(Fault.DeliverLate(TimeSpan.FromSeconds(6)) with { Resource = "configmaps", Verb = "patch", Times = 1 });
        await using var election = leader.Elect(LeaderComponent.ResourceManager);
        await using var terms = election.ContendAsync(stop.Token).GetAsyncEnumerator(Token);
        var first = terms.MoveNextAsync().AsTask();
        await World.AdvanceAsync(TimeSpan.FromSeconds(0.1));
        await stop.CancelAsync();
        await World.WhileAdvancingAsync(first.ContinueWith(_ => { }, TaskScheduler.Default));
        World.Forget();

        var other = World.Start("other", component: LeaderComponent.ResourceManager);
        await World.AdvanceAsync(TimeSpan.FromSeconds(10));
        await World.UntilAsync(() => other.Leads, TimeSpan.FromSeconds(15), "another can lead");
        leader.Leads.Should().BeTrue();
    }

    [Fact]
    public async Task When_a_lock_that_was_verified_is_given_up_another_is_verified_in_its_place()
    {
        var leader = await StartLeaderAsync();
        var terms = new List<LeadershipTerm>();
        for (var i = 1; i < 20; i++)
        {
            terms.Add(await LeadAsync(leader, LeaderComponent.Custom($"c{i}")));
        }

        World.Forget();
        await EndAsync(terms.Take(15));
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        World.Server.ClearRequests();
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));

        World.Server.Requests.Where(r => r.Verb == "get" && r.Resource == "configmaps").Select(r => r.Name).Distinct().Should().HaveCount(5);
        await EndAsync(terms.Skip(15));
    }

    [Fact]
    public async Task A_lock_that_was_lost_and_then_abandoned_is_not_released_under_the_work()
    {
        var leader = await StartLeaderAsync();
        var standby = World.Start("standby", component: LeaderComponent.ResourceManager, options: ByLease);
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(1), "it leads");
        World.Forget();
        var work = new TaskCompletionSource();
        leader.Work = _ => work.Task;
        await leader.Term!.DisposeAsync();
        await World.UntilAsync(() => leader.Terms.Count == 2, TimeSpan.FromSeconds(30), "it leads again, with work that does not end");
        using (leader.Network.Inject(Fault.LoseRequest() with { Resource = "configmaps", Verb = "get" }))
        {
            await World.UntilAsync(() => !leader.Leads, TimeSpan.FromSeconds(15), "the lock could not be read");
        }

        var third = World.Start("third", options: ByLease);
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));
        var abandoned = World.Time.GetTimestamp();
        await World.WhileAdvancingAsync(leader.Service.DisposeAsync().AsTask());
        await World.UntilAsync(() => third.Leads, TimeSpan.FromSeconds(30), "another leads after a lease");

        World.Time.GetElapsedTime(abandoned).Should().BeGreaterThan(TimeSpan.FromSeconds(14.9));
        work.SetResult();
        await World.UntilAsync(() => leader.TakeFailure() is ObjectDisposedException, TimeSpan.FromSeconds(1), "it has ended");
    }

    [Fact]
    public async Task The_lease_of_the_leader_counts_also_for_a_contender_with_a_shorter_one()
    {
        var leader = await World.StartLeaderAsync(
            "leader", options: new() { HeartbeatMode = HeartbeatMode.ProcessLease, LeaseDuration = TimeSpan.FromSeconds(90), RenewDeadline = TimeSpan.FromSeconds(60) });
        var standby = World.Start("standby", options: ByLease);
        await World.AdvanceAsync(TimeSpan.FromSeconds(4));
        leader.Network.Partition();
        await World.EditAnnotationAsync(HaNames.TermAnnotation, null);
        await World.AdvanceAsync(TimeSpan.FromSeconds(59));

        standby.Leads.Should().BeFalse();
        await World.UntilAsync(() => standby.Leads, TimeSpan.FromSeconds(60), "the standby leads");
    }

    private async Task<LeadershipTerm> LeadAsync(Replica replica, LeaderComponent component)
    {
        var terms = replica.Elect(component).ContendAsync(Token).GetAsyncEnumerator(Token);
        (await World.WhileAdvancingAsync(terms.MoveNextAsync().AsTask())).Should().BeTrue();
        return terms.Current;
    }

    private async Task EndAsync(IEnumerable<LeadershipTerm> terms)
    {
        foreach (var term in terms)
        {
            await World.WhileAdvancingAsync(term.DisposeAsync().AsTask());
        }
    }

    private Task<Replica> StartLeaderAsync() => World.StartLeaderAsync("leader", options: ByLease);
}
