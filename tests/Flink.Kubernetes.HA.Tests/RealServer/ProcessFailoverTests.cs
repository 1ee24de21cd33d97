using Flink.Kubernetes.HA.Tests.ApiServer;

namespace Flink.Kubernetes.HA.Tests.RealServer;

/// <summary>Operating-system processes on a real API server: never two live terms, by the fenced history in the ConfigMap (promises P1, P2, P7).</summary>
public sealed class ProcessFailoverTests(ApiServerFixture server)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fifty_graceful_hand_overs_never_make_two_leaders()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        var took = await FailOverAsync(election, 50, agent => agent.Terminate());
        await AssertOneAtATimeAsync(election, 51);

        // Within the lease, or it was no hand-over.
        Assert.All(took, t => Assert.True(t < Lease / 2, $"A hand-over took {t.TotalMilliseconds} ms."));
        Report("SIGTERM -> follower told", took);
    }

    [Fact]
    public async Task Twenty_kills_never_make_two_leaders()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        var took = await FailOverAsync(election, 20, agent => agent.Kill());
        await AssertOneAtATimeAsync(election, 21);

        // Nobody may lead before the lease, less the age of the last renewal (lease / 6 at most), has gone by.
        Assert.All(took, t => Assert.True(t > Lease * 5 / 6 - TimeSpan.FromMilliseconds(100), $"A takeover after SIGKILL took only {t.TotalMilliseconds} ms."));
        Report("SIGKILL -> follower told", took);
    }

    [Fact]
    public async Task A_leader_that_is_paused_past_its_lease_writes_nothing_when_it_goes_on()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        using var old = await AgentProcess.StartAsync(election, "old", Lease);
        await election.HearAsync(l => l.Address == old.Address);
        using var next = await AgentProcess.StartAsync(election, "next", Lease);

        for (var round = 0; round < 3; round++)
        {
            var (paused, taker) = round % 2 == 0 ? (old, next) : (next, old);
            paused.Pause();
            var taken = await election.HearAsync(l => l.Address == taker.Address);
            var before = (await election.ReadHistoryAsync()).Single(t => t.Name == paused.Name && t.Token == LastTokenOf(election, paused).Result);
            paused.Resume();

            // Time enough for it to try its next write and to learn that it has lost.
            await TestTime.PassAsync(TimeSpan.FromSeconds(1));
            var after = (await election.ReadHistoryAsync()).Single(t => t.Token == before.Token);
            Assert.Equal(before, after);
            Assert.Equal(taken.Address, election.Retrieval.Current!.Address);
        }

        old.Terminate();
        next.Terminate();
        await old.EndAsync();
        await next.EndAsync();
        await AssertOneAtATimeAsync(election, 4);
    }

    private static async Task<long> LastTokenOf(RealElection election, AgentProcess agent) =>
        (await election.ReadHistoryAsync()).Where(t => t.Name == agent.Name).Max(t => t.Token);

    /// <summary>Ends the leader again and again, with two standbys waiting; returns how long it took until a follower had heard of the next.</summary>
    private static async Task<List<TimeSpan>> FailOverAsync(RealElection election, int times, Action<AgentProcess> end)
    {
        var agents = new List<AgentProcess>();
        var took = new List<TimeSpan>();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                agents.Add(await AgentProcess.StartAsync(election, $"a{i}", Lease));
            }

            for (var i = 0; i < times; i++)
            {
                var known = await election.HearAsync(l => agents.Any(a => a.Address == l.Address));
                var leader = agents.Single(a => a.Address == known.Address);

                // It is well into its term: some history is written, and the others watch.
                await TestTime.PassAsync(TimeSpan.FromMilliseconds(150));
                var before = TimeProvider.System.GetTimestamp();
                end(leader);
                var next = await election.HearAsync(l => l.FencingToken > known.FencingToken);
                took.Add(TimeProvider.System.GetElapsedTime(before));
                Assert.NotEqual(known.SessionId, next.SessionId);

                await leader.EndAsync();
                leader.Dispose();
                agents.Remove(leader);
                agents.Add(await AgentProcess.StartAsync(election, $"b{i}", Lease));
            }

            foreach (var agent in agents)
            {
                agent.Kill();
                await agent.EndAsync();
            }
        }
        finally
        {
            agents.ForEach(a => a.Dispose());
        }

        return took;
    }

    private static async Task AssertOneAtATimeAsync(RealElection election, int atLeast)
    {
        var history = await election.ReadHistoryAsync();
        Assert.True(history.Count >= atLeast, $"{history.Count} terms are in the history.");
        foreach (var (earlier, later) in history.Zip(history.Skip(1)))
        {
            Assert.True(earlier.Last < later.Begin, $"{earlier} was still live when {later} began.");
        }

        // What the fence refused had been believed before the next term began: a late write, and not a second leader.
        foreach (var (token, believedAt) in await election.ReadRefusalsAsync())
        {
            var next = history.First(t => t.Token > token);
            Assert.True(believedAt < next.Begin, $"The term of token {token} was believed in at {believedAt}, when {next} had begun.");
        }
    }

    private static void Report(string what, List<TimeSpan> took)
    {
        took.Sort();
        TestContext.Current.SendDiagnosticMessage(
            $"{what}, lease {Lease.TotalSeconds} s, n = {took.Count}: min {took[0].TotalMilliseconds:0} ms, p50 {took[took.Count / 2].TotalMilliseconds:0} ms, max {took[^1].TotalMilliseconds:0} ms");
    }
}
