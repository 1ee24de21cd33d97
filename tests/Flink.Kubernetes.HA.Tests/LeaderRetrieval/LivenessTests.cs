namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>What a follower says of a leader's being alive: old records, dead leaders, hung watches (promise P8).</summary>
public class LivenessTests : RetrievalTests
{
    [Fact]
    public async Task A_leader_that_is_there_already_is_unconfirmed_until_it_renews()
    {
        await World.StartLeaderAsync("leader", r => r.Address = "http://leader");
        var listener = Listen();

        ((LeaderInformation)(await listener.NextAsync())!).Liveness.Should().Be(LeaderLiveness.Unconfirmed);
        await World.AdvanceAsync(TimeSpan.FromSeconds(2.1));
        ((LeaderInformation)(await listener.NextAsync())!).Liveness.Should().Be(LeaderLiveness.Alive);
        await World.AdvanceAsync(TimeSpan.FromMinutes(1));
        listener.HasHeardNothingMore();
        World.Server.Requests.Count(request => request.User == "follower").Should().Be(2, "a list and a watch");
    }

    [Fact]
    public async Task A_takeover_is_alive_from_the_start()
    {
        var first = await World.StartLeaderAsync("first");
        World.Start("second");
        var listener = Listen();
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        await World.WhileAdvancingAsync(first.StopAsync());
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        var heard = listener.Heard.OfType<LeaderInformation>().ToList();
        heard.Select(leader => (leader.HolderIdentity, leader.Liveness)).Should().Equal(
            ("first", LeaderLiveness.Unconfirmed), ("first", LeaderLiveness.Alive), ("second", LeaderLiveness.Alive));
        heard.Should().OnlyContain(leader => leader.Address == null, "a leader without an address is a leader");
    }

    [Fact]
    public async Task A_record_that_was_restored_from_a_backup_is_never_alive_and_suspected_after_its_lease()
    {
        await HasLeaderAsync("http://10.42.0.7:8081");
        var listener = Listen();
        (await listener.NextAsync()).Should().Be(Leader("http://10.42.0.7:8081"));

        await World.AdvanceAsync(TimeSpan.FromSeconds(14.9));
        listener.HasHeardNothingMore();
        await World.AdvanceAsync(TimeSpan.FromSeconds(0.2));
        (await listener.NextAsync()).Should().Be(Leader("http://10.42.0.7:8081", liveness: LeaderLiveness.Suspected));
        await World.AdvanceAsync(TimeSpan.FromMinutes(10));
        listener.HasHeardNothingMore();
        Logs.Of(407).Should().ContainSingle();
    }

    [Fact]
    public async Task A_copy_that_is_put_back_while_one_follows_is_not_alive()
    {
        var leader = await World.StartLeaderAsync("leader");
        var copy = await World.ReadAsync();
        var listener = Listen();
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        leader.Crash();
        await World.DeleteAsync();
        await World.PutAsync(copy);
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        listener.Heard.OfType<LeaderInformation>().Last().Liveness.Should().Be(LeaderLiveness.Unconfirmed);
    }

    [Fact]
    public async Task A_dead_leader_is_suspected_after_its_lease_and_alive_when_it_renews_again()
    {
        var leader = await World.StartLeaderAsync("leader");
        var listener = Listen();
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        leader.Crash();
        await World.AdvanceAsync(TimeSpan.FromSeconds(12));
        listener.Heard.OfType<LeaderInformation>().Last().Liveness.Should().Be(LeaderLiveness.Alive);
        await World.AdvanceAsync(TimeSpan.FromSeconds(4));
        listener.Heard.OfType<LeaderInformation>().Last().Liveness.Should().Be(LeaderLiveness.Suspected);

        leader.Network.Heal();
        await World.AdvanceAsync(TimeSpan.FromSeconds(5));
        listener.Heard.OfType<LeaderInformation>().Last().Liveness.Should().Be(LeaderLiveness.Alive);
    }

    [Fact]
    public async Task A_hung_watch_is_noticed_within_the_lease_of_the_leader()
    {
        var first = await World.StartLeaderAsync("first", r => r.Address = "http://first");
        var second = World.Start("second", r => r.Address = "http://second");
        Listen();
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        Follower.Network.SilenceWatches();
        await World.WhileAdvancingAsync(first.StopAsync());
        await World.UntilAsync(() => second.Leads, TimeSpan.FromSeconds(1), "the second leads");

        await World.UntilAsync(() => Retrieval.Current?.Address == "http://second", TimeSpan.FromSeconds(15.5), "the follower has noticed");
        Logs.Of(407).Should().BeEmpty("nobody was silent");
    }

    [Fact]
    public async Task Silence_proves_nothing_while_the_API_server_cannot_be_reached()
    {
        await World.StartLeaderAsync("leader");
        var listener = Listen();
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        Follower.Network.Partition();
        await World.AdvanceAsync(TimeSpan.FromMinutes(2));
        listener.Heard.OfType<LeaderInformation>().Last().Liveness.Should().Be(LeaderLiveness.Alive);
        Follower.Network.Heal();
        await World.AdvanceAsync(TimeSpan.FromMinutes(1));
        listener.Heard.OfType<LeaderInformation>().Last().Liveness.Should().Be(LeaderLiveness.Alive);
        Logs.Of(407).Should().BeEmpty();
    }

    [Fact]
    public async Task A_changed_label_hides_no_living_leader()
    {
        var leader = await World.StartLeaderAsync("leader");
        leader.Network.SilenceWatches();
        var listener = Listen();
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));
        await World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "platform" } } });
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        listener.Heard.Should().NotContainNulls().And.AllBeOfType<LeaderInformation>();
    }
}

/// <summary>The same with one watch by label for all ConfigMaps of the cluster.</summary>
public sealed class LivenessByLabelTests : LivenessTests
{
    public LivenessByLabelTests() => World.WatchByLabel();
}
