using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>Who is told as leader, after Flink's KubernetesLeaderRetrievalDriverTest.</summary>
public sealed class LeaderRetrievalTests : RetrievalTestBase
{
    [Fact]
    public async Task A_leader_that_is_there_already_is_told_at_once()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);

        Assert.Equal(Leader("http://one"), await listener.NextAsync());
        Assert.Equal(Leader("http://one"), retrieval.Current);
    }

    [Fact]
    public async Task No_leader_is_told_too_as_soon_as_it_is_known()
    {
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);

        Assert.Null(await listener.NextAsync());
    }

    [Fact]
    public async Task A_changed_address_is_told()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);
        await listener.NextAsync();

        await HasLeaderAsync("http://two");

        Assert.Equal(Leader("http://two"), await listener.NextAsync());
    }

    [Fact]
    public async Task A_new_term_at_the_same_address_is_told()
    {
        var next = Guid.NewGuid();
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);
        await listener.NextAsync();

        await HasLeaderAsync("http://one", next);

        Assert.Equal(Leader("http://one", next), await listener.NextAsync());
    }

    public static TheoryData<string, string?, string?> StatesWithoutALeader => new()
    {
        { "the lock was released", Lock(string.Empty), Term("one", "http://one") },
        { "the lock was released as fabric8 does", Lock(null), Term("one", "http://one") },
        { "the lock was taken over by a client that writes no terms", Lock("two"), Term("one", "http://one") },
        { "the lock was taken over without an address", Lock("two"), Term("two", null, Guid.NewGuid()) },
        { "the address was cleared", Lock("one"), Term("one", null) },
        { "the address is empty", Lock("one"), Term("one", string.Empty) },
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
        Assert.NotEmpty(what);
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);
        Assert.Equal(Leader("http://one"), await listener.NextAsync());

        await PutAsync(lockRecord, term);

        Assert.Null(await listener.NextAsync());
        Assert.Null(retrieval.Current);
    }

    [Fact]
    public async Task A_deleted_ConfigMap_means_no_leader_and_one_created_anew_is_read()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);
        await listener.NextAsync();

        await Admin.DeleteAsync(KubeResources.ConfigMaps, Key, cancellationToken: Cancelled);
        Assert.Null(await listener.NextAsync());
        await HasLeaderAsync("http://one");
        Assert.Equal(Leader("http://one"), await listener.NextAsync());
    }

    [Fact]
    public async Task Heartbeats_are_no_news()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);
        await listener.NextAsync();
        for (var second = 10; second < 40; second++)
        {
            await PutAsync(Lock("one", $"2025-01-01T00:00:{second}.000000Z"), Term("one", "http://one"));
        }

        await SettleAsync();
        listener.HasHeardNothingMore();
        Assert.Single(Logs.Of(401));
    }

    [Fact]
    public async Task A_lock_that_becomes_unreadable_changes_nothing_while_the_term_stands()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);
        await listener.NextAsync();

        await PutAsync("junk", Term("one", "http://one"));
        await SettleAsync();
        listener.HasHeardNothingMore();
        Assert.Single(Logs.Of(405));

        await PutAsync("junk", Term("one", "http://moved"));
        Assert.Equal(Leader("http://moved"), await listener.NextAsync());
        Assert.Single(Logs.Of(405));
    }

    [Fact]
    public async Task A_lock_that_was_unreadable_from_the_start_makes_nobody_a_leader()
    {
        await PutAsync("junk", Term("one", "http://one"));
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);

        Assert.Null(await listener.NextAsync());
    }

    [Fact]
    public async Task Flinks_own_form_of_the_lock_record_is_read()
    {
        await PutAsync("{\"holderIdentity\":\"one\",\"leaseDuration\":15.000000000,\"acquireTime\":\"2020-10-20T04:06:31.431000Z\",\"renewTime\":\"2020-10-22T08:51:36.843000Z\",\"leaderTransitions\":37981}", Term("one", "http://one"));
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);

        Assert.Equal(Leader("http://one"), await listener.NextAsync());
    }

    [Fact]
    public async Task A_ConfigMap_of_another_cluster_with_the_same_name_is_an_error_told_once_and_no_leader()
    {
        // "orders" + "dispatcher" and "orders-x" + "y" can't collide, but "a" + "b-c" and "a-b" + "c" do.
        await PutAsync(Lock("one"), Term("one", "http://one"), app: "orders-dispatcher");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);

        Assert.Null(await listener.NextAsync());
        Assert.Contains("'orders-dispatcher'", Assert.IsType<InvalidOperationException>(await listener.NextAsync()).Message, StringComparison.Ordinal);
        await PutAsync(Lock("one", "2025-01-01T00:00:02.000000Z"), Term("one", "http://one"), app: "orders-dispatcher");
        await SettleAsync();
        listener.HasHeardNothingMore();
        Assert.Single(Logs.Of(404));

        await HasLeaderAsync("http://ours");
        Assert.Equal(Leader("http://ours"), await listener.NextAsync());
    }

    [Fact]
    public async Task A_ConfigMap_without_labels_is_read()
    {
        await PutAsync(Lock("one"), Term("one", "http://one"), app: null);
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);

        Assert.Equal(Leader("http://one"), await listener.NextAsync());
    }

    [Fact]
    public async Task Fifty_retrievals_share_one_watch_of_metadata()
    {
        await HasLeaderAsync("http://one");
        var retrievals = Enumerable.Range(0, 50).Select(_ => CreateRetrieval()).ToArray();
        foreach (var retrieval in retrievals)
        {
            var listener = new RecordingListener();
            retrieval.AddListener(listener);
            Assert.Equal(Leader("http://one"), await listener.NextAsync());
        }

        await SettleAsync();
        Assert.Equal(1, Server.OpenWatches);
        foreach (var retrieval in retrievals)
        {
            await retrieval.DisposeAsync();
        }

        Assert.Equal(0, Server.OpenWatches);
        Assert.Equal(HaNames.LeaderConfigMap("orders", LeaderComponent.Dispatcher), Assert.Single(Server.Requests, r => r.Verb == "watch").Name);
    }

    [Fact]
    public async Task A_missing_permission_is_told_once_to_all_listeners_and_its_grant_ends_it()
    {
        await HasLeaderAsync("http://one");
        Server.Deny("follower", "list", "configmaps");
        await using var retrieval = CreateRetrieval();
        var listeners = new[] { new RecordingListener(), new RecordingListener() };
        Assert.All(listeners, listener => retrieval.AddListener(listener));
        foreach (var listener in listeners)
        {
            Assert.Equal(KubeFailure.Forbidden, Assert.IsType<KubeClientException>(await listener.NextAsync()).Failure);
        }

        await Time.AdvanceAsync(TimeSpan.FromMinutes(1), cancellationToken: Cancelled);
        Assert.All(listeners, listener => listener.HasHeardNothingMore());
        Server.Allow("follower", "list", "configmaps");
        await Time.AdvanceAsync(TimeSpan.FromSeconds(10), cancellationToken: Cancelled);

        foreach (var listener in listeners)
        {
            Assert.Equal(Leader("http://one"), await listener.NextAsync());
        }
    }

    [Fact]
    public async Task A_leader_change_during_a_compacted_break_is_told()
    {
        await HasLeaderAsync("http://one");
        await using var retrieval = CreateRetrieval();
        var listener = new RecordingListener();
        retrieval.AddListener(listener);
        await listener.NextAsync();
        await SettleAsync();
        Server.DisconnectWatches();
        await HasLeaderAsync("http://two", Guid.Empty);
        Server.CompactHistory();

        await Time.AdvanceAsync(TimeSpan.FromSeconds(1), cancellationToken: Cancelled);

        Assert.Equal(Leader("http://two", Guid.Empty), await listener.NextAsync());
        listener.HasHeardNothingMore();
    }
}
