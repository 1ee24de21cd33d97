using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Taking the lock: client-go's table, Flink's scenarios, and the records of every client.</summary>
[Collection(SimulatedTime.Name)]
public sealed class AcquisitionTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Without_a_ConfigMap_one_is_created_with_Flinks_labels_and_led()
    {
        await using var cluster = new ElectionCluster();
        var replica = await cluster.StartLeaderAsync("a");

        var configMap = await cluster.ReadAsync();
        Assert.Equal("orders", configMap.Metadata.Labels![HaNames.AppLabel]);
        Assert.Equal("flink-native-kubernetes", configMap.Metadata.Labels["type"]);
        Assert.Equal("high-availability", configMap.Metadata.Labels["configmap-type"]);
        Assert.Equal(3, configMap.Metadata.Labels.Count);
        Assert.Equal(replica.Term!.SessionId.ToString(), configMap.Data!["sessionId"]);
        Assert.Equal(replica.Term.FencingToken.ToString(System.Globalization.CultureInfo.InvariantCulture), configMap.Data["fencingToken"]);
        var record = await cluster.ReadRecordAsync();
        Assert.Equal("a", record.HolderIdentity);
        Assert.Equal(0, record.LeaderTransitions);
        Assert.Equal(TimeSpan.FromSeconds(15), record.LeaseDuration);
    }

    [Fact]
    public async Task A_ConfigMap_without_the_annotation_does_not_wedge_the_election()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync();
        var replica = cluster.Start("a");

        await cluster.UntilAsync(() => replica.Leads, AtOnce, "it leads at once");
        Assert.Equal("orders", (await cluster.ReadAsync()).Metadata.Labels![HaNames.AppLabel]);
    }

    [Theory]
    [InlineData("""{"holderIdentity":"","leaseDurationSeconds":1,"acquireTime":"2026-11-20T05:24:37Z","renewTime":"2026-11-20T05:24:37Z","leaderTransitions":3}""", 4)]
    [InlineData("""{"holderIdentity":null,"leaseDuration":1.000000000,"acquireTime":"2020-10-20T04:06:31.431000Z","renewTime":"2020-10-22T08:51:36.843000Z","leaderTransitions":6}""", 7)]
    [InlineData("{}", 1)]
    public async Task A_released_lock_is_taken_at_once(string annotation, long transitions)
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync(annotation);
        var replica = cluster.Start("a");

        await cluster.UntilAsync(() => replica.Leads, AtOnce, "it leads at once");
        Assert.Equal(transitions, (await cluster.ReadRecordAsync()).LeaderTransitions);
    }

    [Theory]
    [InlineData("""{"holderIdentity":"other","leaseDurationSeconds":7,"renewTime":"2001-01-01T00:00:00Z"}""", 7)]
    [InlineData("""{"holderIdentity": "other", "leaseDurationSeconds": "7", "renewTime": "2001-01-01 00:00:00"}""", 7)]
    [InlineData("""{"holderIdentity":"other","leaseDuration":7.000000000}""", 7)]
    [InlineData("""{"holderIdentity":"other","leaseDuration":"PT7S"}""", 7)]
    [InlineData("""{"holderIdentity":"other"}""", 15)]
    [InlineData("""{"holderIdentity":"other","leaseDurationSeconds":0}""", 15)]
    [InlineData("junk", 15)]
    [InlineData("", 15)]
    public async Task A_held_or_unreadable_lock_is_left_alone_for_a_lease_from_when_it_was_seen(string annotation, double leaseSeconds)
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync(annotation);
        var replica = cluster.Start("a");

        await cluster.AdvanceAsync(TimeSpan.FromSeconds(leaseSeconds) - TimeSpan.FromMilliseconds(1));
        Assert.Empty(replica.Terms);
        Assert.DoesNotContain(cluster.Server.Requests, r => r.Verb is "patch" or "update");

        await cluster.UntilAsync(() => replica.Leads, AtOnce, "it leads after the lease");
    }

    [Fact]
    public async Task Every_renewal_of_the_holder_begins_the_wait_anew()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync(Held("other", 1));
        var replica = cluster.Start("a");
        for (var renewal = 2; renewal < 8; renewal++)
        {
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(14));
            Assert.Empty(replica.Terms);
            await cluster.EditLockAsync(Held("other", renewal));
        }

        await cluster.AdvanceAsync(TimeSpan.FromSeconds(14.9));
        Assert.Empty(replica.Terms);
        await cluster.UntilAsync(() => replica.Leads, AtOnce * 2, "it leads after the last lease");
    }

    [Fact]
    public async Task A_change_elsewhere_in_the_ConfigMap_does_not_prolong_the_lease()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync(Held("other", 1));
        var replica = cluster.Start("a");
        for (var second = 0; second < 14; second++)
        {
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));
            await cluster.EditAsync(new JsonObject { ["data"] = new JsonObject { ["x"] = second.ToString(System.Globalization.CultureInfo.InvariantCulture) } });
        }

        Assert.Empty(replica.Terms);
        await cluster.UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(1.1), "it leads 15 s after the lock changed last");
    }

    [Fact]
    public async Task A_release_is_heard_of_and_taken_without_waiting()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync(Held("other", 1));
        var replica = cluster.Start("a");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(3));

        await cluster.EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1,"leaderTransitions":1}""");
        await cluster.UntilAsync(() => replica.Leads, TimeSpan.Zero, "it leads in the same instant");
    }

    [Fact]
    public async Task The_address_can_be_published_by_the_very_write_that_wins()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync();
        await cluster.StartLeaderAsync("a", r => r.Address = "http://10.0.0.7:8081");

        Assert.Equal("http://10.0.0.7:8081", (await cluster.ReadAsync()).Data!["address"]);
        Assert.Single(cluster.Server.Requests, r => r.User == "a" && r.Verb == "patch");
    }

    [Fact]
    public async Task Taking_over_removes_the_address_of_the_one_before()
    {
        await using var cluster = new ElectionCluster();
        var a = await cluster.StartLeaderAsync("a", r => r.Address = "http://a");
        var b = cluster.Start("b");
        await cluster.AdvanceAsync(TimeSpan.FromSeconds(1));

        a.Crash();
        await cluster.UntilAsync(() => b.Leads, TimeSpan.FromSeconds(15.1), "b takes over after the lease");
        Assert.DoesNotContain("address", (await cluster.ReadAsync()).Data!.Keys);
    }

    [Fact]
    public async Task A_ConfigMap_of_another_cluster_is_not_touched()
    {
        await using var cluster = new ElectionCluster();
        await cluster.CreateAsync(labels: new Dictionary<string, string> { [HaNames.AppLabel] = "orders-eu" });
        var before = await cluster.ReadAsync();
        var replica = cluster.Start("a");

        await cluster.AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.Empty(replica.Terms);
        Assert.Equal(before.Metadata.ResourceVersion, (await cluster.ReadAsync()).Metadata.ResourceVersion);
        Assert.Equal(1, replica.Logs.Count(307));
        Assert.Contains("orders-eu", replica.Logs.Text, StringComparison.Ordinal);

        await cluster.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "orders" } } });
        await cluster.UntilAsync(() => replica.Leads, AtOnce, "it leads once the label is its own");
    }

    [Fact]
    public async Task Of_three_exactly_one_leads_and_the_next_leads_when_it_stops()
    {
        await using var cluster = new ElectionCluster();
        foreach (var name in (string[])["a", "b", "c"])
        {
            cluster.Start(name);
        }

        for (var remaining = 3; remaining > 0; remaining--)
        {
            await cluster.UntilAsync(() => cluster.Replicas.Count(r => r.Leads) == 1, TimeSpan.FromSeconds(1), "one leads");
            await cluster.AdvanceAsync(TimeSpan.FromSeconds(5));
            var leader = Assert.Single(cluster.Replicas, r => r.Leads);
            await cluster.WhileAdvancingAsync(leader.StopAsync());
            Assert.Equal(LeadershipLossReason.GivenUp, leader.Term!.LossReason);
            Assert.True(leader.Term.Lost.IsCancellationRequested);
        }

        Assert.Equal(2, (await cluster.ReadRecordAsync()).LeaderTransitions);
    }

    [Fact]
    public async Task The_fencing_token_grows_over_deletion_and_over_a_lowered_or_garbled_record()
    {
        await using var cluster = new ElectionCluster();
        var tokens = new List<long>();
        for (var round = 0; round < 6; round++)
        {
            var replica = await cluster.StartLeaderAsync($"r{round}");
            tokens.Add(replica.Term!.FencingToken);
            await cluster.WhileAdvancingAsync(replica.StopAsync());
            switch (round)
            {
                case 0:
                    await cluster.Admin.DeleteAsync(KubeResources.ConfigMaps, ElectionCluster.Key, cancellationToken: TestContext.Current.CancellationToken);
                    break;
                case 1:
                    await cluster.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = null }, ["data"] = null });
                    break;
                case 2:
                    await cluster.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.TermAnnotation] = "junk" } } });
                    break;
                case 3:
                    var high = new TermRecord { HolderIdentity = "z", SessionId = Guid.NewGuid(), FencingToken = 1_000_000 };
                    await cluster.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.TermAnnotation] = high.ToJson() } } });
                    break;
            }
        }

        Assert.Equal(tokens.Order().Distinct(), tokens);
        Assert.True(tokens[4] > 1_000_000);
    }

    private static string Held(string holder, int renewal) =>
        $$"""{"holderIdentity":"{{holder}}","leaseDurationSeconds":15,"renewTime":"2026-11-20T05:24:{{renewal:00}}Z","leaderTransitions":1}""";
}
