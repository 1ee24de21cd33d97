namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>What leading and standing by cost the API server, counted at the transport (promise P9).</summary>
public sealed class RequestCountTests(ApiServerFixture server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_leader_writes_once_a_retry_period_and_reads_nothing_and_a_standby_is_silent_for_a_minute()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        var leading = new CountingHandler();
        var standingBy = new CountingHandler();
        using var leaderClient = election.Connect(leading);
        using var standbyClient = election.Connect(standingBy);
        var leader = election.CreateServices("leader", leaderClient).GetLeaderElection(RealElection.Component);
        await using var terms = leader.ContendAsync("http://leader", Cancelled).GetAsyncEnumerator(Cancelled);
        (await terms.MoveNextAsync()).Should().BeTrue();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var standby = election.CreateServices("standby", standbyClient).GetLeaderElection(RealElection.Component).ContendAsync(stop.Token).GetAsyncEnumerator(Cancelled);
        var waiting = standby.MoveNextAsync().AsTask();
        await election.HearAsync(l => l.Address == "http://leader");
        await TestTime.PassAsync(TimeSpan.FromSeconds(1));

        leading.Requests.Clear();
        standingBy.Requests.Clear();
        await TestTime.PassAsync(TimeSpan.FromSeconds(60));

        // 60 s in periods of 2 s; the first and the last may fall on either side of the minute's ends.
        leading.Requests.Count.Should().BeInRange(29, 31);
        foreach (var r in leading.Requests)
        {
            r.Should().StartWith("PATCH ");
        }

        standingBy.Requests.Should().BeEmpty();
        waiting.IsCompleted.Should().BeFalse();
        TestContext.Current.SendDiagnosticMessage($"60 s, retry period 2 s: leader {leading.Requests.Count} PATCH and nothing else, standby {standingBy.Requests.Count} requests");

        await stop.CancelAsync();
        await Awaiting(() => waiting).Should().ThrowAsync<OperationCanceledException>();
        await standby.DisposeAsync();
    }

    [Fact]
    public async Task A_takeover_after_a_release_is_one_write_of_each()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        var releasing = new CountingHandler();
        var taking = new CountingHandler();
        using var leaderClient = election.Connect(releasing);
        using var standbyClient = election.Connect(taking);
        var leader = election.CreateServices("leader", leaderClient).GetLeaderElection(RealElection.Component).ContendAsync("http://leader", Cancelled).GetAsyncEnumerator(Cancelled);
        (await leader.MoveNextAsync()).Should().BeTrue();
        await using var standby = election.CreateServices("standby", standbyClient).GetLeaderElection(RealElection.Component).ContendAsync("http://standby", Cancelled).GetAsyncEnumerator(Cancelled);
        var waiting = standby.MoveNextAsync().AsTask();
        await TestTime.PassAsync(TimeSpan.FromSeconds(0.5));
        releasing.Requests.Clear();
        taking.Requests.Clear();

        await leader.DisposeAsync();
        (await waiting).Should().BeTrue();
        await election.HearAsync(l => l.Address == "http://standby");

        releasing.Requests.Should().ContainSingle(r => r.StartsWith("PATCH ", StringComparison.Ordinal));

        // The Event about it goes beside, and nothing waits for it.
        taking.Requests.Where(r => r != "POST events").Should().Equal($"PATCH {election.Key.Name}");
    }

    private sealed class CountingHandler : DelegatingHandler
    {
        public ConcurrentQueue<string> Requests { get; } = new();

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Enqueue($"{request.Method} {request.RequestUri!.AbsolutePath.Split('/')[^1]}");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
