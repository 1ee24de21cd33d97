using System.Collections.Concurrent;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Http;
using Flink.Kubernetes.HA.Tests.ApiServer;

namespace Flink.Kubernetes.HA.Tests.RealServer;

/// <summary>What leading and standing by cost the API server, counted at the transport (promise P9).</summary>
public sealed class RequestCountTests(ApiServerFixture server)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_leader_writes_once_a_retry_period_and_reads_nothing_and_a_standby_is_silent_for_a_minute()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        using var leading = Count(election);
        using var standingBy = Count(election);
        using var metrics = new HaMetrics();
        await using var leaderClient = new HttpKubeClient(election.Server.Connect(), null, null, null, metrics, leading);
        await using var standbyClient = new HttpKubeClient(election.Server.Connect(), null, null, null, metrics, standingBy);
        var leader = election.CreateServices("leader", leaderClient).GetLeaderElection(RealElection.Component);
        await using var terms = leader.ContendAsync("http://leader", Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await terms.MoveNextAsync());
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var standby = election.CreateServices("standby", standbyClient).GetLeaderElection(RealElection.Component).ContendAsync(stop.Token).GetAsyncEnumerator(Cancelled);
        var waiting = standby.MoveNextAsync().AsTask();
        await election.HearAsync(l => l.Address == "http://leader");
        await TestTime.PassAsync(TimeSpan.FromSeconds(1));

        leading.Requests.Clear();
        standingBy.Requests.Clear();
        await TestTime.PassAsync(TimeSpan.FromSeconds(60));

        // 60 s in periods of 2 s; the first and the last may fall on either side of the minute's ends.
        Assert.InRange(leading.Requests.Count, 29, 31);
        Assert.All(leading.Requests, r => Assert.StartsWith("PATCH ", r, StringComparison.Ordinal));
        Assert.Empty(standingBy.Requests);
        Assert.False(waiting.IsCompleted);
        TestContext.Current.SendDiagnosticMessage($"60 s, retry period 2 s: leader {leading.Requests.Count} PATCH and nothing else, standby {standingBy.Requests.Count} requests");

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await standby.DisposeAsync();
    }

    [Fact]
    public async Task A_takeover_after_a_release_is_one_write_of_each()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        using var releasing = Count(election);
        using var taking = Count(election);
        using var metrics = new HaMetrics();
        await using var leaderClient = new HttpKubeClient(election.Server.Connect(), null, null, null, metrics, releasing);
        await using var standbyClient = new HttpKubeClient(election.Server.Connect(), null, null, null, metrics, taking);
        var leader = election.CreateServices("leader", leaderClient).GetLeaderElection(RealElection.Component).ContendAsync("http://leader", Cancelled).GetAsyncEnumerator(Cancelled);
        Assert.True(await leader.MoveNextAsync());
        await using var standby = election.CreateServices("standby", standbyClient).GetLeaderElection(RealElection.Component).ContendAsync("http://standby", Cancelled).GetAsyncEnumerator(Cancelled);
        var waiting = standby.MoveNextAsync().AsTask();
        await TestTime.PassAsync(TimeSpan.FromSeconds(0.5));
        releasing.Requests.Clear();
        taking.Requests.Clear();

        await leader.DisposeAsync();
        Assert.True(await waiting);
        await election.HearAsync(l => l.Address == "http://standby");

        Assert.Single(releasing.Requests, r => r.StartsWith("PATCH ", StringComparison.Ordinal));
        Assert.Equal([$"PATCH {election.Key.Name}"], taking.Requests);
    }

    private static CountingHandler Count(RealElection election) => new(SocketsHandlers.Create(election.Server.Connect(), new KubeClientOptions()));

    private sealed class CountingHandler(HttpMessageHandler transport) : DelegatingHandler(transport)
    {
        public ConcurrentQueue<string> Requests { get; } = new();

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Enqueue($"{request.Method} {request.RequestUri!.AbsolutePath.Split('/')[^1]}");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
