namespace Flink.Kubernetes.HA.RealServer.Tests;

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
        var first = await store.AddAsync("1", Stream("one"), Token);
        await store.CreateBatch().SetValue("odd", null, "<a href=\"x\">\u00e9+\u2028&</a>\n").CommitAsync(Token);
        await store.CreateBatch().SetValue("odd", "<a href=\"x\">\u00e9+\u2028&</a>\n", null).CommitAsync(Token);
        (await FluentActions.Awaiting(() => store.AddAsync("1", Stream("other"), Token)).Should().ThrowAsync<StateHandleException>()).Which.Failure.Should().Be(StateHandleFailure.AlreadyExists);
        var second = await store.ReplaceAsync(first, Stream("two"), Token);
        (await FluentActions.Awaiting(() => store.ReplaceAsync(first, Stream("late"), Token)).Should().ThrowAsync<StateHandleException>()).Which.Failure.Should().Be(StateHandleFailure.Changed);
        await store.CreateBatch().Add("2", Stream("three")).Remove(second).SetValue("counter", null, "3").CommitAsync(Token);

        var snapshot = await store.Reader.ReadAsync(Token);
        snapshot.Handles.Select(handle => handle.Name).Should().Equal("2");
        snapshot.Unreadable.Should().BeEmpty();
        snapshot.TryGetValue("counter").Should().Be("3");
        (await store.ClearAsync(Token)).Should().Be(1);
        (await store.RemoveAsync("2", Token)).Should().BeFalse();
    }

    [Fact]
    public async Task Lost_and_late_answers_are_settled()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using var leading = await LeadAsync(election);
        var store = await StateHandleStore.OpenAsync(leading.Term, leading.Data, "item-", Token);

        leading.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 });
        var first = await store.AddAsync("1", Stream("one"), Token);
        leading.Network.Inject(Fault.DeliverLate(TimeSpan.FromSeconds(2)) with { Verb = "patch", Times = 1 });
        var second = await store.AddAsync("2", Stream("two"), Token);
        (await store.RemoveAsync(second, Token)).Should().BeTrue();
        await TestTime.PassAsync(TimeSpan.FromSeconds(3));

        (await store.Reader.ListAsync(Token)).Should().ContainSingle().Which.Should().Be(first);
        leading.Data.Keys.Should().Equal(first.State.Key);
    }

    [Fact]
    public async Task A_leader_that_was_overtaken_writes_nothing()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using var leading = await LeadAsync(election);
        var store = await StateHandleStore.OpenAsync(leading.Term, leading.Data, "item-", Token);
        var handle = await store.AddAsync("1", Stream("one"), Token);
        leading.Network.SilenceWatches();
        await EditAsync(election, new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["control-plane.alpha.kubernetes.io/leader"] = """{"holderIdentity":"other","leaseDurationSeconds":15}""" } },
        });

        await Awaiting(() => store.AddAsync("2", Stream("two"), Token)).Should().ThrowExactlyAsync<LeadershipLostException>();

        // The first refusal has the lock looked at: the term may end while the second write is under way, which then is in doubt.
        var refused = (await Awaiting(() => store.RemoveAsync(handle, Token)).Should().ThrowAsync<Exception>()).Which;
        (refused is LeadershipLostException or StateOutcomeUnknownException).Should().BeTrue($"the answer was {refused}");

        (await store.Reader.ListAsync(Token)).Should().ContainSingle().Which.Should().Be(handle);
        leading.Data.Keys.Should().Equal(handle.State.Key);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_full_ConfigMap_is_named_before_and_after_the_server_refuses(bool known)
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using var leading = await LeadAsync(election);
        var store = await StateHandleStore.OpenAsync(leading.Term, leading.Data, "item-", Token);
        await EditAsync(election, new JsonObject { ["data"] = new JsonObject { ["big"] = new string('x', 1_048_400) } });
        if (known)
        {
            await store.Reader.ListAsync(Token);
        }

        var exception = (await Awaiting(() => store.AddAsync("1", Stream("one"), Token)).Should().ThrowExactlyAsync<ConfigMapFullException>()).Which;

        (exception.InnerException is null).Should().Be(known);
        exception.LargestKeys[0].Key.Should().Be("big");
        leading.Data.Keys.Should().BeEmpty();
    }

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));

    private static Task EditAsync(RealElection election, JsonObject change) => election.EditAsync(change);

    private static async Task<Leading> LeadAsync(RealElection election)
    {
        var network = new FaultInjectingHandler();
        var client = election.Connect(network);
        var terms = election.CreateServices("leader", client).GetLeaderElection(RealElection.Component).ContendAsync(Token).GetAsyncEnumerator(Token);
        (await terms.MoveNextAsync()).Should().BeTrue();
        return new Leading(network, client, terms);
    }

    private sealed record Leading(FaultInjectingHandler Network, k8s.Kubernetes Client, IAsyncEnumerator<LeadershipTerm> Terms) : IAsyncDisposable
    {
        public LeadershipTerm Term => Terms.Current;

        public InMemoryStateStorage Data { get; } = new();

        public async ValueTask DisposeAsync()
        {
            await Terms.DisposeAsync();
            Client.Dispose();
        }
    }
}
