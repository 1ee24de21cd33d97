using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.LeaderRetrieval;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>What followers hear of what leaders do: both ends together, as in Flink's election and retrieval test.</summary>
[Collection(SimulatedTime.Name)]
public sealed class ElectionAndRetrievalTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Followers_hear_of_the_address_its_change_the_takeover_and_the_end()
    {
        await using var cluster = new ElectionCluster();
        using var metrics = new HaMetrics();
        await using var watches = new SharedWatches(cluster.Server.CreateClient("follower"), cluster.Time, new RecordingLoggerFactory(), metrics);
        await using var retrieval = Follow(cluster, watches, metrics, LeaderComponent.Dispatcher);
        var one = cluster.Start("one", r => r.Address = "http://one");
        await HearsAsync(cluster, retrieval, one, "http://one");
        var two = cluster.Start("two");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        await cluster.WhileAdvancingAsync(one.Term!.PublishAddressAsync("http://moved", TestContext.Current.CancellationToken));
        await HearsAsync(cluster, retrieval, one, "http://moved");

        // A leader that crashed is told until another leads; that one has told no address yet.
        one.Crash();
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(12));
        Assert.Equal("http://moved", retrieval.Current!.Address);
        await cluster.UntilAsync(() => two.Leads && retrieval.Current is null, TimeSpan.FromSeconds(4), "the new one leads, without an address");
        await cluster.WhileAdvancingAsync(two.Term!.PublishAddressAsync("http://two", TestContext.Current.CancellationToken));
        await HearsAsync(cluster, retrieval, two, "http://two");

        await cluster.WhileAdvancingAsync(two.StopAsync());
        await cluster.UntilAsync(() => retrieval.Current is null, AtOnce, "it is heard that nobody leads");
    }

    [Fact]
    public async Task Two_components_of_one_process_are_told_apart_each_with_a_session_of_its_own()
    {
        await using var cluster = new ElectionCluster();
        using var metrics = new HaMetrics();
        await using var watches = new SharedWatches(cluster.Server.CreateClient("follower"), cluster.Time, new RecordingLoggerFactory(), metrics);
        await using var a = Follow(cluster, watches, metrics, LeaderComponent.Dispatcher);
        await using var b = Follow(cluster, watches, metrics, LeaderComponent.RestEndpoint);
        var first = cluster.Start("process", r => r.Address = "http://a");
        var second = cluster.Start("process", r => r.Address = "http://b", component: LeaderComponent.RestEndpoint);

        await HearsAsync(cluster, a, first, "http://a");
        await HearsAsync(cluster, b, second, "http://b");
        Assert.NotEqual(a.Current!.SessionId, b.Current!.SessionId);
        cluster.Forget();
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("release")]
    public async Task An_election_and_a_retrieval_go_on_over_an_expired_watch(string meanwhile)
    {
        await using var cluster = new ElectionCluster();
        using var metrics = new HaMetrics();
        await using var watches = new SharedWatches(cluster.Server.CreateClient("follower"), cluster.Time, new RecordingLoggerFactory(), metrics);
        await using var retrieval = Follow(cluster, watches, metrics, LeaderComponent.Dispatcher);
        var leader = cluster.Start("leader", r => r.Address = "http://leader");
        var standby = cluster.Start("standby", r => r.Address = "http://standby");
        await cluster.UntilAsync(() => cluster.Replicas.Any(r => r.Leads) && retrieval.Current is not null, TimeSpan.FromSeconds(2), "one leads");

        cluster.Server.DisconnectWatches();
        if (meanwhile == "delete")
        {
            await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: TestContext.Current.CancellationToken);
        }
        else
        {
            await cluster.WhileAdvancingAsync(cluster.Replicas.Single(r => r.Leads).StopAsync());
        }

        cluster.Server.CompactHistory();
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(20));
        var leads = Assert.Single(cluster.Replicas, r => r.Leads);
        await HearsAsync(cluster, retrieval, leads, leads.Address!);
        Assert.True(leader.Terms.Count + standby.Terms.Count == 2);
    }

    private static LeaderRetrievalService Follow(ElectionCluster cluster, SharedWatches watches, HaMetrics metrics, LeaderComponent component) =>
        new(component, ElectionCluster.Namespace, ElectionCluster.ClusterId, watches, cluster.Time, new RecordingLoggerFactory(), metrics);

    private static async Task HearsAsync(ElectionCluster cluster, LeaderRetrievalService retrieval, Replica leader, string address)
    {
        await cluster.UntilAsync(() => retrieval.Current?.Address == address, TimeSpan.FromSeconds(1), $"{address} is heard of");
        Assert.Equal((leader.Term!.SessionId, leader.Term.FencingToken), (retrieval.Current!.SessionId, retrieval.Current.FencingToken));
    }
}
