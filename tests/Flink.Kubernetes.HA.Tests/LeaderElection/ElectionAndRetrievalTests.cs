namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>What followers hear of what leaders do: both ends together, as in Flink's election and retrieval test.</summary>
public class ElectionAndRetrievalTests : ElectionTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Followers_hear_of_the_address_its_change_the_takeover_and_the_end()
    {
        await using var follower = new Follower(World);
        var retrieval = follower.Follow(LeaderComponent.Dispatcher);
        var one = World.Start("one", r => r.Address = "http://one");
        await HearsAsync(retrieval, one, "http://one");
        var two = World.Start("two");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        await World.WhileAdvancingAsync(one.Term!.PublishAddressAsync("http://moved", Token));
        await HearsAsync(retrieval, one, "http://moved");

        // A leader that crashed is reported until another leads; that one has published no address yet.
        one.Crash();
        await World.AdvanceAsync(TimeSpan.FromSeconds(12));
        retrieval.Current!.Address.Should().Be("http://moved");
        await World.UntilAsync(() => two.Leads && retrieval.Current is { Address: null }, TimeSpan.FromSeconds(4), "the new one leads, without an address");
        await World.WhileAdvancingAsync(two.Term!.PublishAddressAsync("http://two", Token));
        await HearsAsync(retrieval, two, "http://two");

        await World.WhileAdvancingAsync(two.StopAsync());
        await World.UntilAsync(() => retrieval.Current is null, AtOnce, "it is heard that nobody leads");
    }

    [Fact]
    public async Task Two_components_of_one_process_are_told_apart_each_with_a_session_of_its_own()
    {
        await using var follower = new Follower(World);
        var a = follower.Follow(LeaderComponent.Dispatcher);
        var b = follower.Follow(LeaderComponent.RestEndpoint);
        var first = World.Start("process", r => r.Address = "http://a");
        var second = World.Start("process", r => r.Address = "http://b", component: LeaderComponent.RestEndpoint);

        await HearsAsync(a, first, "http://a");
        await HearsAsync(b, second, "http://b");
        b.Current!.SessionId.Should().NotBe(a.Current!.SessionId);
        World.Forget();
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("release")]
    public async Task An_election_and_a_retrieval_go_on_over_an_expired_watch(string meanwhile)
    {
        await using var follower = new Follower(World);
        var retrieval = follower.Follow(LeaderComponent.Dispatcher);
        var leader = World.Start("leader", r => r.Address = "http://leader");
        var standby = World.Start("standby", r => r.Address = "http://standby");
        await World.UntilAsync(() => World.Replicas.Any(r => r.Leads) && retrieval.Current is not null, TimeSpan.FromSeconds(2), "one leads");

        World.Server.DisconnectWatches();
        if (meanwhile == "delete")
        {
            await World.DeleteAsync();
        }
        else
        {
            await World.WhileAdvancingAsync(World.Replicas.Single(r => r.Leads).StopAsync());
        }

        World.Server.CompactHistory();
        await World.AdvanceAsync(TimeSpan.FromSeconds(20));
        var leads = World.Replicas.Should().ContainSingle(r => r.Leads).Which;
        await HearsAsync(retrieval, leads, leads.Address!);
        (leader.Terms.Count + standby.Terms.Count).Should().Be(2);
    }

    private async Task HearsAsync(LeaderRetrievalService retrieval, Replica leader, string address)
    {
        await World.UntilAsync(() => retrieval.Current?.Address == address, TimeSpan.FromSeconds(1), $"{address} is heard of");
        (retrieval.Current!.SessionId, retrieval.Current.FencingToken).Should().Be((leader.Term!.SessionId, leader.Term.FencingToken));
    }
}

/// <summary>The same with one watch by label for all ConfigMaps of the cluster.</summary>
public sealed class ElectionAndRetrievalByLabelTests : ElectionAndRetrievalTests
{
    public ElectionAndRetrievalByLabelTests() => World.WatchByLabel();
}
