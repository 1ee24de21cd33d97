namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>Who is reported as leader, after Flink's KubernetesLeaderRetrievalDriverTest.</summary>
public class LeaderRetrievalTests : RetrievalTests
{
    [Fact]
    public async Task A_leader_that_is_there_already_is_told_at_once()
    {
        await ListenToLeaderAsync("http://one");

        Retrieval.Current.Should().Be(Leader("http://one"));
    }

    [Fact]
    public async Task No_leader_is_told_too_as_soon_as_it_is_known() => (await Listen().NextAsync()).Should().BeNull();

    [Theory]
    [InlineData("http://two", "0f6c1a52-8a61-4f57-9e9b-2f3ab04d57a1")]
    [InlineData("http://one", "5e8f3c1a-0f5e-4a53-8f86-0a7b4c6d2e10")]
    public async Task A_changed_address_and_a_new_term_at_the_same_address_are_reported(string address, string session)
    {
        var listener = await ListenToLeaderAsync("http://one");

        await HasLeaderAsync(address, Guid.Parse(session));

        var isNewTerm = Guid.Parse(session) != Session;
        (await listener.NextAsync()).Should().Be(
            Leader(address, Guid.Parse(session), isNewTerm ? LeaderLiveness.Alive : LeaderLiveness.Unconfirmed), "a term that was not there before is alive");
    }

    public static TheoryData<string, string, string?, bool> FirstStates => new()
    {
        {
            "Flink's own form of the record",
            """{"holderIdentity":"one","leaseDuration":15.000000000,"acquireTime":"2020-10-20T04:06:31.431000Z","renewTime":"2020-10-22T08:51:36.843000Z","leaderTransitions":37981}""",
            HaWorld.ClusterId,
            true
        },
        { "no labels", Lock("one"), null, true },
        { "a lock that was unreadable from the start", "junk", HaWorld.ClusterId, false },
    };

    [Theory]
    [MemberData(nameof(FirstStates))]
    public async Task Whether_a_leader_is_read_from(string what, string lockRecord, string? app, bool isLeader)
    {
        await PutAsync(lockRecord, Term("one", "http://one"), app);

        var leader = (LeaderInformation?)await Listen().NextAsync();
        leader.Should().Be(isLeader ? Leader("http://one") with { Since = leader!.Since } : null, what);
    }

    public static TheoryData<string, string?, string?> StatesWithoutALeader => new()
    {
        { "the lock was released", Lock(string.Empty), Term("one", "http://one") },
        { "the lock was released as fabric8 does", Lock(null), Term("one", "http://one") },
        { "the lock was taken over by a client that writes no terms", Lock("two"), Term("one", "http://one") },
        { "the lock annotation was stripped", null, Term("one", "http://one") },
        { "the term was stripped", Lock("one"), null },
        { "the term is junk", Lock("one"), "{\"holderIdentity\":\"one\"" },
        { "the term has no session", Lock("one"), "{\"holderIdentity\":\"one\",\"address\":\"http://one\",\"fencingToken\":1}" },
        { "nobody holds the lock and the term is nobody's", Lock(string.Empty), Term(string.Empty, "http://one") },
        { "everything was stripped", null, null },
        { "the lock can't be read and the term is a new one", "junk", Term("two", "http://two", Guid.NewGuid()) },
    };

    [Theory]
    [MemberData(nameof(StatesWithoutALeader))]
    public async Task There_is_no_leader_when(string what, string? lockRecord, string? term)
    {
        var listener = await ListenToLeaderAsync("http://one");

        await PutAsync(lockRecord, term);

        (await listener.NextAsync()).Should().BeNull(what);
        Retrieval.Current.Should().BeNull();
    }

    [Fact]
    public async Task A_deleted_ConfigMap_means_no_leader_and_one_that_is_re_created_is_read()
    {
        var listener = await ListenToLeaderAsync("http://one");

        await World.DeleteAsync();
        (await listener.NextAsync()).Should().BeNull();
        await HasLeaderAsync("http://one");
        (await listener.NextAsync()).Should().Be(Leader("http://one"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public async Task A_leader_without_an_address_is_a_leader(string? address)
    {
        await PutAsync(Lock("one"), Term("one", address));
        var listener = Listen();
        (await listener.NextAsync()).Should().Be(Leader(null));

        await HasLeaderAsync("http://one");
        (await listener.NextAsync()).Should().Be(Leader("http://one"));
    }

    [Fact]
    public async Task The_first_heartbeat_confirms_and_the_others_are_no_news()
    {
        var listener = await ListenToLeaderAsync("http://one");
        await PutAsync(Lock("one", 2), Term("one", "http://one"));
        (await listener.NextAsync()).Should().Be(Leader("http://one", liveness: LeaderLiveness.Alive));
        for (var second = 10; second < 40; second++)
        {
            await PutAsync(Lock("one", second), Term("one", "http://one"));
        }

        await SettleAsync();
        listener.HasHeardNothingMore();
        Logs.Of(401).Should().ContainSingle();
    }

    [Fact]
    public async Task A_lock_that_becomes_unreadable_changes_nothing_while_the_term_is_stored()
    {
        var listener = await ListenToLeaderAsync("http://one");

        await PutAsync("junk", Term("one", "http://one"));
        await SettleAsync();
        listener.HasHeardNothingMore();
        Logs.Of(405).Should().ContainSingle();

        await PutAsync("junk", Term("one", "http://moved"));
        (await listener.NextAsync()).Should().Be(Leader("http://moved"));
        Logs.Of(405).Should().ContainSingle();
    }

    [Fact]
    public async Task A_ConfigMap_of_another_cluster_with_the_same_name_is_an_error_told_once_and_no_leader()
    {
        // "orders" + "dispatcher" and "orders-x" + "y" can't collide, but "a" + "b-c" and "a-b" + "c" do.
        await PutAsync(Lock("one"), Term("one", "http://one"), app: "orders-dispatcher");
        var listener = Listen();

        (await listener.NextAsync()).Should().BeNull();
        (await listener.NextAsync()).Should().BeOfType<InvalidOperationException>().Which.Message.Should().Contain("'orders-dispatcher'");
        await PutAsync(Lock("one", 2), Term("one", "http://one"), app: "orders-dispatcher");
        await SettleAsync();
        listener.HasHeardNothingMore();
        Logs.Of(404).Should().ContainSingle();

        await HasLeaderAsync("http://ours");
        (await listener.NextAsync()).Should().Be(Leader("http://ours", liveness: LeaderLiveness.Alive));
    }

    [Fact]
    public async Task Fifty_retrievals_share_one_watch_of_metadata()
    {
        await HasLeaderAsync("http://one");
        var retrievals = Enumerable.Range(0, 50).Select(_ => Follower.Follow()).ToArray();
        foreach (var retrieval in retrievals)
        {
            (await Listen(retrieval).NextAsync()).Should().Be(Leader("http://one"));
        }

        await SettleAsync();
        World.Server.OpenWatches.Should().Be(1);
        foreach (var retrieval in retrievals)
        {
            await retrieval.DisposeAsync();
        }

        World.Server.OpenWatches.Should().Be(0);
        World.Server.Requests.Should().ContainSingle(r => r.Verb == "watch").Which.Name.Should().Be(World.IsWatchedByLabel ? null : HaWorld.Key.Name);
    }

    [Fact]
    public async Task A_missing_permission_is_told_once_to_all_listeners_and_its_grant_ends_it()
    {
        await HasLeaderAsync("http://one");
        World.Server.Deny("follower", "list", "configmaps");
        var listeners = new[] { Listen(), Listen() };
        foreach (var listener in listeners)
        {
            (await listener.NextAsync()).Should().BeOfType<KubernetesHaException>().Which.Failure.Should().Be(KubernetesFailure.Forbidden);
        }

        await World.AdvanceAsync(TimeSpan.FromMinutes(1));
        listeners.Should().AllSatisfy(listener => listener.HasHeardNothingMore());
        World.Server.Allow("follower", "list", "configmaps");
        await World.AdvanceAsync(TimeSpan.FromSeconds(10));

        foreach (var listener in listeners)
        {
            (await listener.NextAsync()).Should().Be(Leader("http://one"));
        }
    }

    [Fact]
    public async Task A_leader_change_during_a_compacted_break_is_told()
    {
        var listener = await ListenToLeaderAsync("http://one");
        await SettleAsync();
        World.Server.DisconnectWatches();
        await HasLeaderAsync("http://two", Guid.Empty);
        World.Server.CompactHistory();

        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        (await listener.NextAsync()).Should().Be(Leader("http://two", Guid.Empty, LeaderLiveness.Alive));
        listener.HasHeardNothingMore();
    }
}

/// <summary>The same with one watch by label for all ConfigMaps of the cluster.</summary>
public sealed class LeaderRetrievalByLabelTests : LeaderRetrievalTests
{
    public LeaderRetrievalByLabelTests() => World.WatchByLabel();
}
