using Flink.Kubernetes.HA.Checkpoints;
using Flink.Kubernetes.HA.StateHandles.Writing;

namespace Flink.Kubernetes.HA.Tests.Checkpoints;

public sealed class CheckpointIdCounterTests() : WorldTest(() => HaWorld.LedAsync(HaWorld.JobManager))
{
    [Fact]
    public async Task Ids_begin_at_one_and_go_on_from_where_they_are_set()
    {
        var counter = Open();

        (await counter.GetAsync(Token)).Should().Be(1);
        (await World.RunAsync(() => counter.GetAndIncrementAsync(Token))).Should().Be(1);
        await World.RunAsync(() => counter.SetAsync(100, Token));
        await World.RunAsync(() => counter.SetAsync(100, Token));

        (await World.RunAsync(() => counter.GetAndIncrementAsync(Token))).Should().Be(100);
        (await counter.GetAsync(Token)).Should().Be(101);
        await World.FailAsync<ArgumentOutOfRangeException>(() => counter.SetAsync(100, Token));
    }

    [Fact]
    public async Task A_missing_ConfigMap_and_lost_leadership_are_errors()
    {
        var counter = Open();
        await World.RunAsync(() => counter.GetAndIncrementAsync(Token));
        World.Network.SilenceWatches();
        await World.DeleteAsync(HaWorld.JobKey);

        await World.FailAsync<ConfigMapMissingException>(() => counter.GetAsync(Token));
        await World.FailAsync<LeadershipLostException>(() => counter.GetAndIncrementAsync(Token));
        await World.FailAsync<LeadershipLostException>(() => counter.SetAsync(7, Token));
    }

    [Fact]
    public async Task A_thousand_ids_with_lost_answers_and_takeovers_are_all_different()
    {
        var random = new Random(20260101);
        List<long> ids = [];
        var leader = World.Leader;
        var counter = Open(leader);
        var terms = 1;
        while (ids.Count < 1000)
        {
            using var fault = random.Next(12) switch
            {
                0 => leader.Network.Inject(Fault.LoseResponse() with { Verb = "patch", Times = 1 }),
                1 => leader.Network.Inject(Fault.LoseRequest() with { Verb = "patch", Times = 1 }),
                2 => leader.Network.Inject(Fault.DeliverLate(TimeSpan.FromMilliseconds(300)) with { Verb = "patch", Times = 1 }),
                _ => null,
            };
            var isTakeover = random.Next(100) == 0;
            var cut = isTakeover ? leader.Network.Inject(Fault.LoseResponse()) : null;
            try
            {
                ids.Add(await World.RunAsync(() => counter.GetAndIncrementAsync(Token)));
            }
            catch (Exception exception) when (exception is LeadershipLostException or StateOutcomeUnknownException)
            {
            }

            if (isTakeover)
            {
                leader.Crash();
                cut!.Dispose();
                leader = await World.LeadAsync(HaWorld.JobManager, $"r{terms++}");
                counter = Open(leader);
            }
        }

        terms.Should().BeInRange(3, 100);
        ids.Distinct().Count().Should().Be(ids.Count);
        ids.Should().Equal(ids.Order());
    }

    [Fact]
    public async Task Two_counters_of_a_term_share_the_ids()
    {
        CheckpointIdCounter[] counters = [Open(), Open()];

        var ids = await World.RunAsync(() => Task.WhenAll(
            Enumerable.Range(0, 40).Select(i => Task.Run(() => counters[i % 2].GetAndIncrementAsync(Token), Token))));

        ids.Order().Should().Equal(Enumerable.Range(1, 40).Select(i => (long)i));
    }

    private CheckpointIdCounter Open(Replica? leader = null) => new(new TermValues((leader ?? World.Leader).Term!));
}
