using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Testing;
using Flink.Kubernetes.HA.Tests.Jobs;
using Flink.Kubernetes.HA.Tests.LeaderElection;

namespace Flink.Kubernetes.HA.Tests.Checkpoints;

[Collection(SimulatedTime.Name)]
public sealed class CheckpointIdCounterTests
{
    private static CancellationToken Token => StoreWorld.Token;

    [Fact]
    public async Task Ids_begin_at_one_and_go_on_from_where_they_are_set()
    {
        await using var world = new StoreWorld();
        var counter = Open(await world.LeadAsync(StoreWorld.JobManager, "a"));

        Assert.Equal(1, await counter.GetAsync(Token));
        Assert.Equal(1, await world.RunAsync(() => counter.GetAndIncrementAsync(Token)));
        await world.RunAsync(() => counter.SetAsync(100, Token));
        await world.RunAsync(() => counter.SetAsync(100, Token));

        Assert.Equal(100, await world.RunAsync(() => counter.GetAndIncrementAsync(Token)));
        Assert.Equal(101, await counter.GetAsync(Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => world.RunAsync(() => counter.SetAsync(100, Token)));
    }

    [Fact]
    public async Task The_counter_goes_only_with_a_globally_terminal_job()
    {
        await using var world = new StoreWorld();
        var counter = Open(await world.LeadAsync(StoreWorld.JobManager, "a"));
        await world.RunAsync(() => counter.GetAndIncrementAsync(Token));

        await world.RunAsync(() => counter.ShutdownAsync(JobStatus.Suspended, Token));
        Assert.Equal("2", (await world.FindAsync(StoreWorld.JobKey))!.Data!["counter"]);
        await world.RunAsync(() => counter.ShutdownAsync(JobStatus.Finished, Token));
        await world.RunAsync(() => counter.ShutdownAsync(JobStatus.Finished, Token));

        Assert.False((await world.FindAsync(StoreWorld.JobKey))!.Data!.ContainsKey("counter"));
    }

    [Fact]
    public async Task A_missing_ConfigMap_and_lost_leadership_are_errors()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(StoreWorld.JobManager, "a");
        var counter = Open(leader);
        await world.RunAsync(() => counter.GetAndIncrementAsync(Token));
        leader.Client.SilenceWatches();
        await world.DeleteAsync(StoreWorld.JobKey);

        await Assert.ThrowsAsync<ConfigMapMissingException>(() => counter.GetAsync(Token));
        await Assert.ThrowsAsync<LeadershipLostException>(() => world.RunAsync(() => counter.GetAndIncrementAsync(Token)));
        await Assert.ThrowsAsync<LeadershipLostException>(() => world.RunAsync(() => counter.SetAsync(7, Token)));
    }

    [Fact]
    public async Task A_thousand_ids_with_lost_answers_and_takeovers_are_all_different()
    {
        await using var world = new StoreWorld();
        var random = new Random(20260101);
        List<long> ids = [];
        var leader = await world.LeadAsync(StoreWorld.JobManager, "r0");
        var counter = Open(leader);
        var terms = 1;
        while (ids.Count < 1000)
        {
            using var fault = random.Next(12) switch
            {
                0 => leader.Client.Inject(FaultRule.LoseResponse() with { Verb = "patch", Times = 1 }),
                1 => leader.Client.Inject(FaultRule.LoseRequest() with { Verb = "patch", Times = 1 }),
                2 => leader.Client.Inject(FaultRule.DeliverLate(TimeSpan.FromMilliseconds(300)) with { Verb = "patch", Times = 1 }),
                _ => null,
            };
            var isTakeover = random.Next(100) == 0;
            var cut = isTakeover ? leader.Client.Inject(FaultRule.LoseResponse()) : null;
            try
            {
                ids.Add(await world.RunAsync(() => counter.GetAndIncrementAsync(Token)));
            }
            catch (Exception exception) when (exception is LeadershipLostException or StateOutcomeUnknownException)
            {
            }

            if (isTakeover)
            {
                leader.Crash();
                cut!.Dispose();
                leader = await world.LeadAsync(StoreWorld.JobManager, $"r{terms++}");
                counter = Open(leader);
            }
        }

        Assert.InRange(terms, 3, 100);
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.Equal(ids.Order(), ids);
    }

    [Fact]
    public async Task Two_counters_of_a_term_share_the_ids()
    {
        await using var world = new StoreWorld();
        var leader = await world.LeadAsync(StoreWorld.JobManager, "a");
        CheckpointIdCounter[] counters = [Open(leader), Open(leader)];

        var ids = await world.RunAsync(() => Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => counters[i % 2].GetAndIncrementAsync(Token), Token))));

        Assert.Equal(Enumerable.Range(1, 40).Select(i => (long)i), ids.Order());
    }

    private static CheckpointIdCounter Open(Replica leader) => CheckpointIdCounter.Open(leader.Term!, StoreWorld.JobId);
}
