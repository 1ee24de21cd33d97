using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.ApiServer;
using Flink.Kubernetes.HA.Tests.StateHandles;

namespace Flink.Kubernetes.HA.Tests.RealServer;

/// <summary>What the state handle store relies on, from the real server: tests of absence, fences, late patches, and the limit of a ConfigMap.</summary>
public sealed class StateHandleTests(ApiServerFixture server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Entries_come_change_and_go()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using var leading = await LeadAsync(election);
        var store = await StateHandleStore.OpenAsync(leading.Term, leading.Data, "item-", Token);

        // Quotes, pluses and angle brackets: the server compares bytes, in the form that Go writes.
        var first = await store.AddAsync("1", StoreCluster.Stream("one"), Token);
        await store.CreateBatch().SetValue("odd", null, "<a href=\"x\">\u00e9+\u2028&</a>\n").CommitAsync(Token);
        await store.CreateBatch().SetValue("odd", "<a href=\"x\">\u00e9+\u2028&</a>\n", null).CommitAsync(Token);
        await Assert.ThrowsAsync<StateHandleExistsException>(() => store.AddAsync("1", StoreCluster.Stream("other"), Token));
        var second = await store.ReplaceAsync(first, StoreCluster.Stream("two"), Token);
        await Assert.ThrowsAsync<StateHandleChangedException>(() => store.ReplaceAsync(first, StoreCluster.Stream("late"), Token));
        await store.CreateBatch().Add("2", StoreCluster.Stream("three")).Remove(second).SetValue("counter", null, "3").CommitAsync(Token);

        var snapshot = await store.Reader.ReadAsync(Token);
        Assert.Equal(["2"], snapshot.Handles.Select(handle => handle.Name));
        Assert.Empty(snapshot.BeingRemoved);
        Assert.Equal("3", snapshot.TryGetValue("counter"));
        Assert.Equal(1, await store.ClearAsync(Token));
        Assert.False(await store.RemoveAsync("2", Token));
    }

    [Fact]
    public async Task Lost_and_late_answers_are_settled()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using var leading = await LeadAsync(election);
        var store = StateHandleStore.Open(leading.Term, leading.Data, "item-");

        leading.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 });
        var first = await store.AddAsync("1", StoreCluster.Stream("one"), Token);
        leading.Client.Inject(FaultRule.DeliverLate(TimeSpan.FromSeconds(2)) with { Verb = "patch", Times = 1 });
        var second = await store.AddAsync("2", StoreCluster.Stream("two"), Token);
        Assert.True(await store.RemoveAsync(second, Token));
        await TestTime.PassAsync(TimeSpan.FromSeconds(3));

        Assert.Equal(first, Assert.Single(await store.Reader.ListAsync(Token)));
        Assert.Equal([first.State.Key], leading.Data.Keys);
    }

    [Fact]
    public async Task A_leader_that_was_overtaken_writes_nothing()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using var leading = await LeadAsync(election);
        var store = StateHandleStore.Open(leading.Term, leading.Data, "item-");
        var handle = await store.AddAsync("1", StoreCluster.Stream("one"), Token);
        leading.Client.SilenceWatches();
        await EditAsync(election, new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["control-plane.alpha.kubernetes.io/leader"] = """{"holderIdentity":"other","leaseDurationSeconds":15}""" } },
        });

        await Assert.ThrowsAsync<LeadershipLostException>(() => store.AddAsync("2", StoreCluster.Stream("two"), Token));

        // The first refusal has the lock looked at: the term may end while the second write is under way, which then is in doubt.
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => store.RemoveAsync(handle, Token));
        Assert.True(refused is LeadershipLostException or StateOutcomeUnknownException, refused.ToString());

        Assert.Equal(handle, Assert.Single(await store.Reader.ListAsync(Token)));
        Assert.Equal([handle.State.Key], leading.Data.Keys);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_full_ConfigMap_is_named_before_and_after_the_server_refuses(bool known)
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using var leading = await LeadAsync(election);
        var store = StateHandleStore.Open(leading.Term, leading.Data, "item-");
        await EditAsync(election, new JsonObject { ["data"] = new JsonObject { ["big"] = new string('x', 1_048_400) } });
        if (known)
        {
            await store.Reader.ListAsync(Token);
        }

        var exception = await Assert.ThrowsAsync<ConfigMapFullException>(() => store.AddAsync("1", StoreCluster.Stream("one"), Token));

        Assert.Equal(known, exception.InnerException is null);
        Assert.Equal("big", exception.LargestKeys[0].Key);
        Assert.Empty(leading.Data.Keys);
    }

    private static Task EditAsync(RealElection election, JsonObject change) => election.Client.PatchAsync(KubeResources.ConfigMaps, election.Key, KubePatch.Merge(change), Token);

    private static async Task<Leading> LeadAsync(RealElection election)
    {
        var client = new FaultInjectingKubeClient(election.Server.CreateClient());
        var terms = election.CreateServices("leader", client).GetLeaderElection(RealElection.Component).ContendAsync(Token).GetAsyncEnumerator(Token);
        Assert.True(await terms.MoveNextAsync());
        return new Leading(client, terms);
    }

    private sealed record Leading(FaultInjectingKubeClient Client, IAsyncEnumerator<LeadershipTerm> Terms) : IAsyncDisposable
    {
        public LeadershipTerm Term => Terms.Current;

        public InMemoryStateStorage Data { get; } = new();

        public async ValueTask DisposeAsync()
        {
            await Terms.DisposeAsync();
            await Client.DisposeAsync();
        }
    }
}
