using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.Maintenance;

namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>Checkpoints of processes that are killed: what was acknowledged is what the next one restores (promise P5).</summary>
public sealed class CheckpointFailoverTests(ApiServerFixture server)
{
    private const int Kills = 20;
    private const int CheckpointsATerm = 50;
    private const int Retained = 3;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);
    private static readonly JsonStateSerializer<long> Number = new((JsonTypeInfo<long>)JsonSerializerOptions.Default.GetTypeInfo(typeof(long)));

    private readonly JobId _jobId = JobId.NewRandom();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_checkpoints_over_twenty_kills_are_restored_as_they_were_acknowledged()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        using var folder = new JobFolder();
        var log = new CheckpointLog();
        var took = await RunAsync(election, folder, log);

        AssertRestoredAsAcknowledged(log.Terms);
        await AssertNothingElseIsKeptAsync(election, folder, log.Terms);
        Report(log, took);
    }

    /// <summary>Kills the leader whenever it has acknowledged enough, with two standbys waiting; the last one ends in good order.</summary>
    /// <returns>From each kill until the next leader had restored.</returns>
    private async Task<List<TimeSpan>> RunAsync(RealElection election, JobFolder folder, CheckpointLog log)
    {
        var news = Channel.CreateUnbounded<(TermCheckpoints Term, AgentProcess Agent)>();
        var agents = new Dictionary<AgentProcess, Task>();
        var took = new List<TimeSpan>();
        AgentProcess leader = null!;
        var (killedAt, token) = (0L, 0L);
        try
        {
            for (var i = 0; i < 3; i++)
            {
                await StartAsync($"a{i}");
            }

            for (var kill = 0; kill <= Kills; kill++)
            {
                var starting = kill == 0 ? Task.CompletedTask : StartAsync($"b{kill}");
                var restored = 0L;
                while (true)
                {
                    (var term, leader) = await news.Reader.ReadAsync(Cancelled);
                    restored = term.Token > token && restored == 0 ? term.RestoredAt : restored;
                    if (term.Token > token && term.Acknowledged.Count >= CheckpointsATerm)
                    {
                        token = term.Token;
                        break;
                    }
                }

                await starting;
                if (kill > 0)
                {
                    took.Add(TimeProvider.System.GetElapsedTime(killedAt, restored));
                }

                if (kill < Kills)
                {
                    killedAt = TimeProvider.System.GetTimestamp();
                    leader.Kill();
                    await leader.EndAsync();
                    await agents[leader];
                    agents.Remove(leader);
                    leader.Dispose();
                }
            }

            // The standbys first, or there is one more term.
            foreach (var agent in agents.Keys.OrderBy(agent => agent == leader).ToList())
            {
                agent.Terminate();
                await agent.EndAsync();
                await agents[agent];
            }
        }
        finally
        {
            foreach (var agent in agents.Keys)
            {
                agent.Dispose();
            }
        }

        return took;

        async Task StartAsync(string name)
        {
            var agent = await AgentProcess.StartAsync(election, name, Lease, _jobId.ToString(), "--work", "checkpoints", "--storage", folder.Path);
            agents.Add(agent, log.ReadAsync(agent, (term, from) => news.Writer.TryWrite((term, from))));
        }
    }

    private static void AssertRestoredAsAcknowledged(IReadOnlyList<TermCheckpoints> terms)
    {
        var (id, count) = (0L, 0L);
        foreach (var term in terms)
        {
            // One may have been written whose acknowledgement was not told any more.
            term.RestoredCount.Should().BeInRange(count, count + 1);
            (term.RestoredId == id).Should().Be(term.RestoredCount == count);
            term.RestoredId.Should().BeGreaterThanOrEqualTo(id, $"checkpoint {id} was acknowledged before");
            (id, count) = (term.RestoredId, term.RestoredCount);
            foreach (var acknowledged in term.Acknowledged)
            {
                acknowledged.Id.Should().BeGreaterThan(id);
                acknowledged.Count.Should().Be(count + 1);
                (id, count) = acknowledged;
            }
        }

        count.Should().BeGreaterThanOrEqualTo(Kills * CheckpointsATerm);
        terms.Should().HaveCountGreaterThan(Kills);
    }

    private async Task AssertNothingElseIsKeptAsync(RealElection election, JobFolder folder, IReadOnlyList<TermCheckpoints> terms)
    {
        var component = LeaderComponent.JobManager(_jobId);
        var reader = new CompletedCheckpointReader<long>(
            new ConfigMapReader(election.Requests, election.Namespace, RealElection.ClusterId, component), folder.Storage, Number);
        var kept = await reader.ListAsync(Cancelled);
        var last = kept[^1];

        // A clean end waits for the write under way, but does not tell of it any more.
        last.Value.Should().BeInRange(terms[^1].Acknowledged[^1].Count, terms[^1].Acknowledged[^1].Count + 1);
        kept.Select(checkpoint => checkpoint.Value).Should().Equal(Enumerable.Range(0, Retained).Select(i => last.Value - Retained + 1 + i));
        var data = (await election.Requests.GetAsync(HaNames.LeaderConfigMap(election.Namespace, RealElection.ClusterId, component), metadataOnly: false, Cancelled)).Data;
        data.Keys.Where(key => key.StartsWith("checkpointID-", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Should().Equal(kept.Select(checkpoint => checkpoint.Handle.Key));
        long.Parse(data["counter"], System.Globalization.CultureInfo.InvariantCulture).Should().Be(last.Id + 1);

        // A kill between the two steps of a write leaves one piece of data that nothing names, and one before what was subsumed is deleted another.
        var checkpoints = $"{HaNames.DataFolder(election.Namespace, RealElection.ClusterId, component)}/{data["stateId"]}/checkpointID-";
        var live = kept.Select(checkpoint => checkpoint.Handle.State.Key.Value).Order(StringComparer.Ordinal).ToList();
        var stored = (await folder.ListAsync(checkpoints)).Order(StringComparer.Ordinal).ToList();
        live.ToHashSet().Should().BeSubsetOf(stored.ToHashSet());
        (stored.Count - live.Count).Should().BeInRange(0, 2 * terms.Count);

        // The sweep of a day later finds just these.
        var later = new LaterTimeProvider(TimeSpan.FromDays(2));
        var sweep = new Sweep(election.Requests, folder.Open(later), election.Namespace, RealElection.ClusterId, timeProvider: later);
        var report = await SweepAsync(election, component, sweep);
        report.MissingData.Should().BeEmpty();
        report.Deleted.Should().Be(stored.Count - live.Count);
        (await folder.ListAsync(checkpoints)).Order(StringComparer.Ordinal)
            .Should().Equal(live);
        TestContext.Current.SendDiagnosticMessage($"{Kills} kills had left {report.Deleted} pieces of data that nothing named and {report.UnfinishedWritesRemoved} unfinished writes: all were swept up.");
    }

    private static async Task<SweepReport> SweepAsync(RealElection election, LeaderComponent component, Sweep sweep)
    {
        await foreach (var term in election.CreateServices("sweeper").GetLeaderElection(component).ContendAsync(Cancelled))
        {
            return await sweep.DeleteAsync(term, Cancelled);
        }

        throw new InvalidOperationException("There was no term.");
    }

    private static void Report(CheckpointLog log, List<TimeSpan> took)
    {
        var terms = log.Terms;
        took.Sort();
        var ends = terms.Zip(terms.Skip(1), (a, b) => b.RestoredCount - (a.Acknowledged is [.., var end] ? end.Count : a.RestoredCount)).ToList();
        var rates = terms.Where(term => term.Acknowledged.Count >= CheckpointsATerm).Select(term => term.Acknowledged.Count / term.Worked.TotalSeconds).Order().ToList();
        TestContext.Current.SendDiagnosticMessage(
            $"{terms.Sum(term => term.Acknowledged.Count)} checkpoints acknowledged in {terms.Count} terms ({log.Others.Count} lost but for a kill), {ends.Count(end => end == 0)} times the last acknowledged one was restored and {ends.Count(end => end == 1)} times "
            + $"the one that was under way; {rates[0]:0} / {rates[rates.Count / 2]:0} / {rates[^1]:0} checkpoints a second (min, p50, max); "
            + $"SIGKILL -> restored, lease {Lease.TotalSeconds} s: min {took[0].TotalMilliseconds:0} ms, p50 {took[took.Count / 2].TotalMilliseconds:0} ms, max {took[^1].TotalMilliseconds:0} ms");
    }

    private sealed class LaterTimeProvider(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
