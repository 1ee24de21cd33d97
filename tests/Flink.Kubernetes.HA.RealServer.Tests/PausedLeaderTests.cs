namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>A process that is paused while it leads and goes on when another does: its writes are refused, and by the history of the ConfigMaps none took effect (P1).</summary>
public sealed class PausedLeaderTests(ApiServerFixture server)
{
    private const int Rounds = 4;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    private readonly JobId _jobId = JobId.NewRandom();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_all_writes_that_a_paused_leader_tries_after_a_takeover_none_takes_effect()
    {
        await using var election = await RealElection.StartAsync(await server.GetAsync());
        await using var history = await ConfigMapHistory.StartAsync(election);
        using var folder = new JobFolder();
        var log = new WriteLog();
        var parts = new Part[]
        {
            new(LeaderComponent.JobManager(_jobId), WriteAudit.Kinds.JobManager, ["sweep"]),
            new(LeaderComponent.Dispatcher, WriteAudit.Kinds.Dispatcher, ["sweep", "destroy"]),
        };
        using var old = await StartAsync("old");
        var oldEnds = log.ReadAsync(old);
        await WaitForTermsAsync(log, parts);
        using var next = await StartAsync("next");
        var nextEnds = log.ReadAsync(next);

        for (var round = 0; round < Rounds; round++)
        {
            var paused = round % 2 == 0 ? old : next;
            paused.Pause();
            var tokens = parts.Select(part => part.Token).ToList();
            await WaitForTermsAsync(log, parts);
            var takenAt = TimeProvider.System.GetTimestamp();
            paused.Resume();
            foreach (var (part, token) in parts.Zip(tokens))
            {
                part.Taken.Add((token, takenAt));
                await log.WaitForEndAsync(part.Component.Name, token);
            }
        }

        old.Terminate();
        next.Terminate();
        await Task.WhenAll(old.EndAsync(), next.EndAsync(), oldEnds, nextEnds);
        var changes = await history.EndAsync(election);
        foreach (var part in parts)
        {
            Audit(part, changes, log);
            await AssertAllIsReadableAsync(election, folder, part);
        }

        Task<AgentProcess> StartAsync(string name) =>
            AgentProcess.StartAsync(election, name, Lease, $"dispatcher,{_jobId}", "--work", "writes", "--storage", folder.Path);
    }

    /// <summary>Waits until a new term of each component writes all that there is to write.</summary>
    private static async Task WaitForTermsAsync(WriteLog log, IEnumerable<Part> parts)
    {
        foreach (var part in parts)
        {
            part.Token = await log.WaitForTermAsync(part.Component.Name, part.Kinds, part.Token, times: 3);
        }
    }

    private static void Audit(Part part, IReadOnlyList<ConfigMapChange> changes, WriteLog log)
    {
        var name = HaNames.LeaderConfigMap(RealElection.ClusterId, part.Component);
        var audit = new WriteAudit(name, part.Component.Name, changes, log.Writes);
        audit.AssertOutcomesAreTrue();
        part.Taken.Should().HaveCount(Rounds);
        var late = part.Taken.SelectMany(taken => audit.AssertAllRefused(taken.Token, taken.At, [.. part.Kinds, .. part.AfterLoss])).ToList();
        var writes = log.Writes.Where(write => write.Component == part.Component.Name).ToList();

        // Past all that the process itself knows: the last of each kind, sent as it was.
        var again = log.Again.Where(sent => sent.Component == part.Component.Name && part.Taken.Any(taken => taken.Token == sent.Token)).ToList();
        foreach (var sent in again)
        {
            sent.Outcome.Should().Be("Invalid");
        }

        foreach (var taken in part.Taken)
        {
            WriteAudit.Kinds.Patching(part.Kinds).Except(again.Where(sent => sent.Token == taken.Token).Select(sent => sent.Kind)).Should().BeEmpty();
        }

        // What was in doubt was under way when the process was paused; nobody is left in doubt of what was begun later.
        var underWay = writes.Where(write => part.Taken.Any(taken => write.Token == taken.Token && write.Begun <= taken.At && write.Ended > taken.At)).ToList();
        foreach (var write in writes.Where(write => write.Outcome == "unknown"))
        {
            underWay.Should().Contain(write);
        }

        TestContext.Current.SendDiagnosticMessage(
            $"{part.Component.Name}: {writes.Count(write => write.Outcome == "acked")} writes acknowledged, {audit.Effects} values in {changes.Count(change => change.Name == name)} changes of the ConfigMap, each in its own term; "
            + $"{Rounds} pauses: {underWay.Count} writes under way ({underWay.Count(write => write.Outcome == "lost")} refused, {underWay.Count(write => write.Outcome == "acked")} written before the takeover, {underWay.Count(write => write.Outcome == "unknown")} unknown), "
            + $"{late.Count} begun after the takeover, {late.Count(write => write.Sent > 0)} of them sent, all refused; {again.Count} sent again, all refused by the API server.");
    }

    /// <summary>The old leader has deleted nothing that anybody relies on.</summary>
    private static async Task AssertAllIsReadableAsync(RealElection election, JobFolder folder, Part part)
    {
        var key = HaNames.LeaderConfigMap(election.Namespace, RealElection.ClusterId, part.Component);
        var content = new ConfigMapContent(
            await election.Requests.GetAsync(key, metadataOnly: false, Cancelled), HaNames.DataFolder(election.Namespace, RealElection.ClusterId, part.Component));
        var live = content.Data.Where(entry => entry.Value.StartsWith("{\"v\":", StringComparison.Ordinal) && entry.Value.Contains("\"sha256\"", StringComparison.Ordinal))
            .Select(entry => content.Find(string.Empty, entry.Key)!).ToList();
        // A job always keeps checkpoints; the Dispatcher may have withdrawn its last graph.
        (live.Count > 0 || part.Component == LeaderComponent.Dispatcher).Should().BeTrue($"{part.Component} keeps what can be read");
        foreach (var handle in live)
        {
            await using var state = await folder.Storage.OpenReadAsync(handle.State, progress: null, Cancelled);
            await state.CopyToAsync(Stream.Null, Cancelled);
        }
    }

    /// <param name="Component">What is led.</param>
    /// <param name="Kinds">What its leader writes.</param>
    /// <param name="AfterLoss">What one that has lost tries besides.</param>
    private sealed record Part(LeaderComponent Component, IReadOnlyList<string> Kinds, IReadOnlyList<string> AfterLoss)
    {
        /// <summary>The newest term that is known.</summary>
        public long Token { get; set; }

        /// <summary>Terms of paused leaders, and when it was known that another led.</summary>
        public List<(long Token, long At)> Taken { get; } = [];
    }
}
