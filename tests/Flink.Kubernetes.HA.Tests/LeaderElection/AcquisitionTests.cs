namespace Flink.Kubernetes.HA.Tests.LeaderElection;

/// <summary>Taking the lock: client-go's table, Flink's scenarios, and the records of every client.</summary>
public sealed class AcquisitionTests : ElectionTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Without_a_ConfigMap_one_is_created_with_Flinks_labels_and_led()
    {
        var replica = await World.StartLeaderAsync("a");

        var configMap = await World.ReadAsync();
        configMap.Labels[HaNames.AppLabel].Should().Be("orders");
        configMap.Labels["type"].Should().Be("flink-native-kubernetes");
        configMap.Labels["configmap-type"].Should().Be("high-availability");
        configMap.Labels.Should().HaveCount(3);
        configMap.Data["sessionId"].Should().Be(replica.Term!.SessionId.ToString());
        configMap.Data["fencingToken"].Should().Be(replica.Term.FencingToken.ToString(CultureInfo.InvariantCulture));
        var record = await World.ReadRecordAsync();
        record.HolderIdentity.Should().Be("a");
        record.LeaderTransitions.Should().Be(0);
        record.LeaseDuration.Should().Be(TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task A_ConfigMap_without_the_annotation_does_not_wedge_the_election()
    {
        await World.CreateAsync();
        var replica = World.Start("a");

        await World.UntilAsync(() => replica.Leads, AtOnce, "it leads at once");
        (await World.ReadAsync()).Labels[HaNames.AppLabel].Should().Be("orders");
    }

    [Theory]
    [InlineData("""{"holderIdentity":"","leaseDurationSeconds":1,"acquireTime":"2026-11-20T05:24:37Z","renewTime":"2026-11-20T05:24:37Z","leaderTransitions":3}""", 4)]
    [InlineData("""{"holderIdentity":null,"leaseDuration":1.000000000,"acquireTime":"2020-10-20T04:06:31.431000Z","renewTime":"2020-10-22T08:51:36.843000Z","leaderTransitions":6}""", 7)]
    [InlineData("{}", 1)]
    public async Task A_released_lock_is_taken_at_once(string annotation, long transitions)
    {
        await World.CreateAsync(annotation);
        var replica = World.Start("a");

        await World.UntilAsync(() => replica.Leads, AtOnce, "it leads at once");
        (await World.ReadRecordAsync()).LeaderTransitions.Should().Be(transitions);
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
        await World.CreateAsync(annotation);
        var replica = World.Start("a");

        await World.AdvanceAsync(TimeSpan.FromSeconds(leaseSeconds) - TimeSpan.FromMilliseconds(1));
        replica.Terms.Should().BeEmpty();
        World.Server.Requests.Where(r => r.Verb is "patch" or "update").Should().BeEmpty();

        await World.UntilAsync(() => replica.Leads, AtOnce, "it leads after the lease");
    }

    [Fact]
    public async Task Every_renewal_of_the_holder_restarts_the_wait()
    {
        await World.CreateAsync(Held("other", 1));
        var replica = World.Start("a");
        for (var renewal = 2; renewal < 8; renewal++)
        {
            await World.AdvanceAsync(TimeSpan.FromSeconds(14));
            replica.Terms.Should().BeEmpty();
            await World.EditLockAsync(Held("other", renewal));
        }

        await World.AdvanceAsync(TimeSpan.FromSeconds(14.9));
        replica.Terms.Should().BeEmpty();
        await World.UntilAsync(() => replica.Leads, AtOnce * 2, "it leads after the last lease");
    }

    [Fact]
    public async Task A_change_elsewhere_in_the_ConfigMap_does_not_prolong_the_lease()
    {
        await World.CreateAsync(Held("other", 1));
        var replica = World.Start("a");
        for (var second = 0; second < 14; second++)
        {
            await World.AdvanceAsync(TimeSpan.FromSeconds(1));
            await World.EditAsync(new JsonObject { ["data"] = new JsonObject { ["x"] = second.ToString(CultureInfo.InvariantCulture) } });
        }

        replica.Terms.Should().BeEmpty();
        await World.UntilAsync(() => replica.Leads, TimeSpan.FromSeconds(1.1), "it leads 15 s after the lock changed last");
    }

    [Fact]
    public async Task A_release_is_heard_of_and_taken_without_waiting()
    {
        await World.CreateAsync(Held("other", 1));
        var replica = World.Start("a");
        await World.AdvanceAsync(TimeSpan.FromSeconds(3));

        await World.EditLockAsync("""{"holderIdentity":"","leaseDurationSeconds":1,"leaderTransitions":1}""");
        await World.UntilAsync(() => replica.Leads, TimeSpan.Zero, "it leads in the same instant");
    }

    [Fact]
    public async Task The_address_can_be_published_by_the_very_write_that_wins()
    {
        await World.CreateAsync();
        await World.StartLeaderAsync("a", r => r.Address = "http://10.0.0.7:8081");

        (await World.ReadAsync()).Data["address"].Should().Be("http://10.0.0.7:8081");
        World.Server.Requests.Should().ContainSingle(r => r.User == "a" && r.Verb == "patch");
    }

    [Fact]
    public async Task Taking_over_removes_the_address_of_the_one_before()
    {
        var a = await World.StartLeaderAsync("a", r => r.Address = "http://a");
        var b = World.Start("b");
        await World.AdvanceAsync(TimeSpan.FromSeconds(1));

        a.Crash();
        await World.UntilAsync(() => b.Leads, TimeSpan.FromSeconds(15.1), "b takes over after the lease");
        (await World.ReadAsync()).Data.Keys.Should().NotContain("address");
    }

    [Fact]
    public async Task A_ConfigMap_of_another_cluster_is_not_touched()
    {
        await World.CreateAsync(labels: new Dictionary<string, string> { [HaNames.AppLabel] = "orders-eu" });
        var before = await World.ReadAsync();
        var replica = World.Start("a");

        await World.AdvanceAsync(TimeSpan.FromMinutes(2));
        replica.Terms.Should().BeEmpty();
        (await World.ReadAsync()).ResourceVersion.Should().Be(before.ResourceVersion);
        replica.Logs.Count(307).Should().Be(1);
        replica.Logs.Text.Should().Contain("orders-eu");

        await World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "orders" } } });
        await World.UntilAsync(() => replica.Leads, AtOnce, "it leads once the label is its own");
    }

    [Fact]
    public async Task Of_three_exactly_one_leads_and_the_next_leads_when_it_stops()
    {
        foreach (var name in (string[])["a", "b", "c"])
        {
            World.Start(name);
        }

        for (var remaining = 3; remaining > 0; remaining--)
        {
            await World.UntilAsync(() => World.Replicas.Count(r => r.Leads) == 1, TimeSpan.FromSeconds(1), "one leads");
            await World.AdvanceAsync(TimeSpan.FromSeconds(5));
            var leader = World.Replicas.Should().ContainSingle(r => r.Leads).Which;
            await World.WhileAdvancingAsync(leader.StopAsync());
            leader.Term!.LossReason.Should().Be(LeadershipLossReason.Released);
            leader.Term.Lost.IsCancellationRequested.Should().BeTrue();
        }

        (await World.ReadRecordAsync()).LeaderTransitions.Should().Be(2);
    }

    [Fact]
    public async Task The_fencing_token_grows_over_deletion_and_over_a_lowered_or_garbled_record()
    {
        var tokens = new List<long>();
        for (var round = 0; round < 6; round++)
        {
            var replica = await World.StartLeaderAsync($"r{round}");
            tokens.Add(replica.Term!.FencingToken);
            await World.WhileAdvancingAsync(replica.StopAsync());
            switch (round)
            {
                case 0:
                    await World.DeleteAsync();
                    break;
                case 1:
                    await World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = null }, ["data"] = null });
                    break;
                case 2:
                    await World.EditAnnotationAsync(HaNames.TermAnnotation, "junk");
                    break;
                case 3:
                    var high = new TermRecord { HolderIdentity = "z", SessionId = Guid.NewGuid(), FencingToken = 1_000_000 };
                    await World.EditTermAsync(high);
                    break;
            }
        }

        tokens.Should().Equal(tokens.Order().Distinct());
        tokens[4].Should().BeGreaterThan(1_000_000);
    }

    private static string Held(string holder, int renewal) =>
        $$"""{"holderIdentity":"{{holder}}","leaseDurationSeconds":15,"renewTime":"2026-11-20T05:24:{{renewal:00}}Z","leaderTransitions":1}""";
}
