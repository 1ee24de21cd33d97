using Flink.Kubernetes.HA.LeaderRetrieval;

namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>A real API server that dies, comes back, and forgets its history (promise P8).</summary>
public sealed class OutageTests(PrivateApiServer own) : IClassFixture<PrivateApiServer>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_and_back_within_the_renew_deadline_it_costs_no_term_and_followers_keep_their_leader()
    {
        await using var election = await RealElection.StartAsync(await own.GetAsync());
        var leader = election.CreateServices("leader").GetLeaderElection(RealElection.Component);
        var terms = leader.ContendAsync("http://leader", Cancelled).GetAsyncEnumerator(Cancelled);
        (await terms.MoveNextAsync()).Should().BeTrue();
        var term = terms.Current;
        var standby = Task.Run(() => FirstTermAsync(election, "standby"));
        await election.HearAsync(l => l.SessionId == term.SessionId);
        var told = new List<LeaderInformation?>();
        var listening = await ListenAsync(election, told);

        await election.Server.KillAsync();
        await election.Server.RestartAsync();
        var back = TimeProvider.System.GetTimestamp();
        await TestTime.PassAsync(TimeSpan.FromSeconds(6));

        term.Lost.IsCancellationRequested.Should().BeFalse($"the log is:\n{election.Logs.Text}");
        term.IsLeading.Should().BeTrue();
        told.Should().OnlyContain(l => l != null && l.SessionId == term.SessionId && l.Liveness != LeaderLiveness.Suspected);
        told.Should().HaveCountLessThanOrEqualTo(2, "the leader once, and once more when it is seen to renew");
        standby.IsCompleted.Should().BeFalse();

        // And it still is a leader that can hand over, heard of by watches that have survived.
        await term.PublishAddressAsync("http://moved", Cancelled);
        await election.HearAsync(l => l.Address == "http://moved");
        await terms.DisposeAsync();
        await using var next = await standby;
        await election.HearAsync(l => l.Address == "http://standby");
        next.FencingToken.Should().BeGreaterThan(term.FencingToken);
        await listening.DisposeAsync();
    }

    [Fact]
    public async Task A_genuine_410_is_survived_by_standbys_and_followers()
    {
        await using var election = await RealElection.StartAsync(await own.GetAsync());
        var leader = election.CreateServices("leader", times: SeldomRenewed).GetLeaderElection(RealElection.Component);
        var terms = leader.ContendAsync("http://leader", Cancelled).GetAsyncEnumerator(Cancelled);
        (await terms.MoveNextAsync()).Should().BeTrue();
        var standby = Task.Run(() => FirstTermAsync(election, "standby"));
        await election.HearAsync(l => l.Address == "http://leader");

        // Others' writes move the server on, and no renewal comes after them: the watches of this ConfigMap stand at an older version when history goes.
        for (var i = 0; i < 5; i++)
        {
            await election.Requests.CreateAsync(new ObjectKey(election.Namespace, $"other-{i}"), HaNames.Labels("other"), HaNames.Annotations("other"), Cancelled);
        }

        await election.Server.ExpireHistoryAsync(Cancelled);
        await TestTime.PassAsync(TimeSpan.FromSeconds(2));
        terms.Current.IsLeading.Should().BeTrue($"the log is:\n{election.Logs.Text}");
        election.Logs.Count(204).Should().BeGreaterThan(0, $"the log is:\n{election.Logs.Text}");

        await terms.DisposeAsync();
        var before = TimeProvider.System.GetTimestamp();
        await using var next = await standby;
        TimeProvider.System.GetElapsedTime(before)
            .Should().BeLessThan(TimeSpan.FromSeconds(5), "the release is heard of by watch and not by the lease");
        await election.HearAsync(l => l.Address == "http://standby");
    }

    [Fact]
    public async Task A_server_that_hangs_past_the_renew_deadline_ends_the_term_in_time()
    {
        await using var election = await RealElection.StartAsync(await own.GetAsync());
        var leader = election.CreateServices("leader", times: t =>
        {
            (t.LeaseDuration, t.RenewDeadline) = (TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(3));
            (t.RetryPeriod, t.RequestTimeout) = (TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1));
        }).GetLeaderElection(RealElection.Component);
        await using var terms = leader.ContendAsync("http://leader", Cancelled).GetAsyncEnumerator(Cancelled);
        (await terms.MoveNextAsync()).Should().BeTrue();
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = terms.Current.Lost.Register(() => lost.TrySetResult());

        var before = TimeProvider.System.GetTimestamp();
        election.Server.Pause();
        try
        {
            await lost.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancelled);
            var took = TimeProvider.System.GetElapsedTime(before);
            took.Should().BeGreaterThanOrEqualTo(TimeSpan.FromSeconds(2.3)).And.BeLessThanOrEqualTo(TimeSpan.FromSeconds(4));
            terms.Current.LossReason.Should().Be(LeadershipLossReason.RenewDeadlineExceeded);
        }
        finally
        {
            election.Server.Resume();
        }

        (await terms.MoveNextAsync()).Should().BeTrue();
        terms.Current.IsLeading.Should().BeTrue();
    }

    private static void SeldomRenewed(LeaderElectionOptions times) =>
        (times.LeaseDuration, times.RenewDeadline, times.RetryPeriod) = (TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(30));

    private static async Task<LeadershipTerm> FirstTermAsync(RealElection election, string name)
    {
        var contending = election.CreateServices(name).GetLeaderElection(RealElection.Component).ContendAsync($"http://{name}", Cancelled);
        var terms = contending.GetAsyncEnumerator(Cancelled);
        (await terms.MoveNextAsync()).Should().BeTrue();
        return terms.Current;
    }

    private static async Task<IAsyncDisposable> ListenAsync(RealElection election, List<LeaderInformation?> told)
    {
        var registration = election.Retrieval.AddListener(new Listener(told));
        while (told.Count == 0)
        {
            await TestTime.PassAsync(TimeSpan.FromMilliseconds(10));
        }

        return registration;
    }

    private sealed class Listener(List<LeaderInformation?> told) : ILeaderRetrievalListener
    {
        public ValueTask OnLeaderChangedAsync(LeaderInformation? leader, CancellationToken cancellationToken)
        {
            told.Add(leader);
            return ValueTask.CompletedTask;
        }

        public ValueTask OnErrorAsync(Exception exception, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
