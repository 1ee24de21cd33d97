using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.CleanUp;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Tests.ApiServer;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.RealServer;

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
            Assert.InRange(term.RestoredCount, count, count + 1);
            Assert.Equal(term.RestoredCount == count, term.RestoredId == id);
            Assert.True(term.RestoredId >= id, $"Checkpoint {term.RestoredId} was restored after {id}.");
            (id, count) = (term.RestoredId, term.RestoredCount);
            foreach (var acknowledged in term.Acknowledged)
            {
                Assert.True(acknowledged.Id > id, $"Checkpoint id {acknowledged.Id} came after {id}.");
                Assert.Equal(count + 1, acknowledged.Count);
                (id, count) = acknowledged;
            }
        }

        Assert.True(count >= Kills * CheckpointsATerm, $"{count} checkpoints were acknowledged.");
        Assert.True(terms.Count > Kills, $"{terms.Count} terms.");
    }

    private async Task AssertNothingElseIsKeptAsync(RealElection election, JobFolder folder, IReadOnlyList<TermCheckpoints> terms)
    {
        var component = LeaderComponent.JobManager(_jobId);
        var reader = new CompletedCheckpointReader<long>(election.Client, folder.Storage, election.Namespace, RealElection.ClusterId, _jobId, Number);
        var kept = await reader.ListAsync(Cancelled);
        var last = kept[^1];

        // A clean end waits for the write under way, but does not tell of it any more.
        Assert.InRange(last.Value, terms[^1].Acknowledged[^1].Count, terms[^1].Acknowledged[^1].Count + 1);
        Assert.Equal(Enumerable.Range(0, Retained).Select(i => last.Value - Retained + 1 + i), kept.Select(checkpoint => checkpoint.Value));
        var data = (await election.Client.GetAsync(KubeResources.ConfigMaps, HaNames.LeaderConfigMap(election.Namespace, RealElection.ClusterId, component), Cancelled)).Data!;
        Assert.Equal(kept.Select(checkpoint => checkpoint.Handle.Key), data.Keys.Where(key => key.StartsWith("checkpointID-", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(last.Id + 1, long.Parse(data["counter"], System.Globalization.CultureInfo.InvariantCulture));

        // A kill between the two steps of a write leaves one piece of data that nothing names.
        var live = kept.Select(checkpoint => checkpoint.Handle.State.Key.Value).Order(StringComparer.Ordinal).ToList();
        var stored = (await folder.ListAsync($"{HaNames.StorageRoot(election.Namespace, RealElection.ClusterId)}/{component.Name}/checkpointID-")).Order(StringComparer.Ordinal).ToList();
        Assert.Subset(stored.ToHashSet(), live.ToHashSet());
        Assert.InRange(stored.Count - live.Count, 0, terms.Count);

        // The sweep of a day later finds just these.
        var later = new LaterTimeProvider(TimeSpan.FromDays(2));
        var sweep = new Sweep(election.Client, folder.Open(later), election.Namespace, RealElection.ClusterId, timeProvider: later);
        var report = await SweepAsync(election, component, sweep);
        Assert.Empty(report.MissingData);
        Assert.Equal(stored.Count - live.Count, report.Deleted);
        Assert.Equal(live, (await folder.ListAsync($"{HaNames.StorageRoot(election.Namespace, RealElection.ClusterId)}/{component.Name}/checkpointID-")).Order(StringComparer.Ordinal));
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
