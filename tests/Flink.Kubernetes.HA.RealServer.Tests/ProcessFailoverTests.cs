using k8s.Models;

namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>Operating-system processes on a real API server: never two live terms, by the fenced history in the ConfigMap (promises P1, P2, P7).</summary>
public sealed class ProcessFailoverTests(ApiServerFixture server)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fifty_graceful_hand_overs_never_make_two_leaders()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());

        // A long lease: who waits for its end is told apart from who hears of the release, however busy the machine is.
        var lease = TimeSpan.FromSeconds(15);
        var took = await FailOverAsync(election, lease, 50, agent => agent.Terminate());
        await AssertOneAtATimeAsync(election, 51);

        foreach (var t in took)
        {
            t.Should().BeLessThan(lease / 2);
        }

        Report("SIGTERM -> follower told", lease, took);
    }

    [Fact]
    public async Task Twenty_kills_never_make_two_leaders()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        var took = await FailOverAsync(election, Lease, 20, agent => agent.Kill());
        await AssertOneAtATimeAsync(election, 21);

        // Nobody may lead before the lease, less the age of the last renewal (lease / 6 at most), has gone by.
        foreach (var t in took)
        {
            t.Should().BeGreaterThan(Lease * 5 / 6 - TimeSpan.FromMilliseconds(100), "the lease has to expire first");
        }

        Report("SIGKILL -> follower told", Lease, took);
    }

    [Fact]
    public async Task Kills_and_pauses_of_leaders_that_live_by_a_Lease_never_make_two_leaders()
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("PROCESS_LEASE_ROUNDS") ?? "12", CultureInfo.InvariantCulture);
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        var paused = new List<AgentProcess>();
        var round = 0;
        var took = await FailOverAsync(
            election,
            Lease,
            rounds,
            agent =>
            {
                // Every other one is paused past its lease, and goes on beside the next leader before it is killed.
                if (round++ % 2 == 0)
                {
                    agent.Kill();
                }
                else
                {
                    agent.Pause();
                    paused.Add(agent);
                }
            },
            async agent =>
            {
                if (paused.Contains(agent))
                {
                    agent.Resume();
                    await TestTime.PassAsync(TimeSpan.FromSeconds(1));
                    agent.Kill();
                }
            },
            "--heartbeat-mode",
            nameof(HeartbeatMode.ProcessLease));
        await AssertOneAtATimeAsync(election, rounds + 1);
        Report("SIGKILL or SIGSTOP, by a Lease -> follower told", Lease, took);
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
            after.Should().Be(before);
            election.Retrieval.Current!.Address.Should().Be(taken.Address);
        }

        old.Terminate();
        next.Terminate();
        await old.EndAsync();
        await next.EndAsync();
        await AssertOneAtATimeAsync(election, 4);
    }

    [Theory]
    [InlineData("replace")]
    [InlineData("strip")]
    [InlineData("junk")]
    [InlineData("delete")]
    public async Task A_paused_leader_whose_ConfigMap_is_edited_by_hand_is_waited_for_as_if_it_were_not(string edit)
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        using var leader = await AgentProcess.StartAsync(election, "leader", Lease);
        await election.HearAsync(l => l.Address == leader.Address);
        using var standby = await AgentProcess.StartAsync(election, "standby", Lease);

        // It must have observed the lock: a process that has never seen one does not wait.
        await TestTime.PassAsync(TimeSpan.FromSeconds(8));

        leader.Pause();
        var before = TimeProvider.System.GetTimestamp();
        await EditByHandAsync(election, edit);
        await election.HearAsync(l => l.Address == standby.Address);
        var took = TimeProvider.System.GetElapsedTime(before);
        leader.Resume();

        took.Should().BeGreaterThan(Lease - TimeSpan.FromMilliseconds(100), "whoever has seen the lock waits a lease from the edit");
        TestContext.Current.SendDiagnosticMessage($"{edit} under a paused leader -> standby told: {took.TotalSeconds:0.000} s, lease {Lease.TotalSeconds} s");
        (await election.HearAsync(_ => true)).Address.Should().Be(standby.Address);
    }

    private static async Task EditByHandAsync(RealElection election, string edit)
    {
        var (name, space) = (election.Key.Name, election.Key.Namespace);
        switch (edit)
        {
            case "replace":
                var bare = new V1ConfigMap { Metadata = new V1ObjectMeta { Name = name, NamespaceProperty = space } };
                using (await election.Client.CoreV1.ReplaceNamespacedConfigMapWithHttpMessagesAsync(bare, name, space, cancellationToken: Cancelled))
                {
                }

                break;
            case "strip":
                await election.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = null } });
                break;
            case "junk":
                await election.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.LockAnnotation] = "junk" } } });
                break;
            default:
                using (await election.Client.CoreV1.DeleteNamespacedConfigMapWithHttpMessagesAsync(name, space, cancellationToken: Cancelled))
                {
                }

                break;
        }
    }

    private static async Task<long> LastTokenOf(RealElection election, AgentProcess agent) =>
        (await election.ReadHistoryAsync()).Where(t => t.Name == agent.Name).Max(t => t.Token);

    /// <summary>Ends the leader again and again, with two standbys waiting; returns how long it took until a follower had heard of the next.</summary>
    private static async Task<List<TimeSpan>> FailOverAsync(
        RealElection election, TimeSpan lease, int times, Action<AgentProcess> end, Func<AgentProcess, Task>? after = null, params string[] arguments)
    {
        var agents = new List<AgentProcess>();
        var took = new List<TimeSpan>();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                agents.Add(await AgentProcess.StartAsync(election, $"a{i}", lease, null, arguments));
            }

            for (var i = 0; i < times; i++)
            {
                var known = await election.HearAsync(l => agents.Any(a => a.Address == l.Address));
                var leader = agents.Single(a => a.Address == known.Address);

                // It is well into its term: some history is written, and the others watch.
                await WaitForHistoryAsync(election, known.FencingToken);
                await TestTime.PassAsync(TimeSpan.FromMilliseconds(150));
                var before = TimeProvider.System.GetTimestamp();
                end(leader);
                var next = await election.HearAsync(l => l.FencingToken > known.FencingToken);
                took.Add(TimeProvider.System.GetElapsedTime(before));
                next.SessionId.Should().NotBe(known.SessionId);

                await (after?.Invoke(leader) ?? Task.CompletedTask);
                await leader.EndAsync();
                leader.Dispose();
                agents.Remove(leader);
                agents.Add(await AgentProcess.StartAsync(election, $"b{i}", lease, null, arguments));
            }

            await WaitForHistoryAsync(election, (await election.HearAsync(_ => true)).FencingToken);
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

    /// <summary>Followers hear of a leader before its first write of history: who ends it then leaves a term without any.</summary>
    private static async Task WaitForHistoryAsync(RealElection election, long token)
    {
        while ((await election.ReadHistoryAsync()).All(term => term.Token < token))
        {
            await TestTime.PassAsync(TimeSpan.FromMilliseconds(20));
        }
    }

    private static async Task AssertOneAtATimeAsync(RealElection election, int atLeast)
    {
        var history = await election.ReadHistoryAsync();
        history.Should().HaveCountGreaterThanOrEqualTo(atLeast);
        foreach (var (earlier, later) in history.Zip(history.Skip(1)))
        {
            earlier.Last.Should().BeLessThan(later.Begin, $"{earlier} has ended when {later} begins");
        }

        // What the fence refused had been believed before the next term began: a late write, and not a second leader.
        foreach (var (token, believedAt) in await election.ReadRefusalsAsync())
        {
            var next = history.First(t => t.Token > token);
            believedAt.Should().BeLessThan(next.Begin, $"nobody believes in the term of token {token} any more when {next} begins");
        }
    }

    private static void Report(string what, TimeSpan lease, List<TimeSpan> took)
    {
        took.Sort();
        TestContext.Current.SendDiagnosticMessage(
            $"{what}, lease {lease.TotalSeconds} s, n = {took.Count}: min {took[0].TotalMilliseconds:0} ms, p50 {took[took.Count / 2].TotalMilliseconds:0} ms, max {took[^1].TotalMilliseconds:0} ms");
    }
}
