namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>Following the leaders of a real Flink cluster, all layouts.</summary>
public sealed class FlinkLeaderRetrievalTests : RetrievalTests
{
    private const string FlinkHolder = "14bc9a1f-7c5a-4c2a-8d6f-5f2b0f3f0a77";
    private const string Job = "2c8f0000000000000000000000000abc";
    private const string RpcAddress = "akka.tcp://flink@10.0.0.7:6123/user/rpc/dispatcher_1";

    private static ObjectKey FlinkKey => new(HaWorld.Namespace, "orders-cluster-config-map");

    [Fact]
    public async Task Each_component_is_read_under_its_own_key_over_one_shared_watch()
    {
        await PutAsync(("dispatcher", $"{Session},{RpcAddress}"), ("resourcemanager", $"{Session},rm"), ("restserver", $"{Session},http://10.0.0.7:8081"), (Job, $"{Session},job"));
        var expected = new[]
        {
            (LeaderComponent.Dispatcher, RpcAddress),
            (LeaderComponent.ResourceManager, "rm"),
            (LeaderComponent.RestEndpoint, "http://10.0.0.7:8081"),
            (LeaderComponent.JobManager(JobId.Parse(Job)), "job"),
        };
        foreach (var (component, address) in expected)
        {
            (await Listen(Follower.FollowFlink(component)).NextAsync()).Should().Be(FlinkLeader(address));
        }

        await SettleAsync();
        World.Server.OpenWatches.Should().Be(1);
        World.Server.Requests.Should().ContainSingle(request => request.Verb == "watch").Which.Name.Should().Be(FlinkKey.Name);
    }

    [Fact]
    public async Task A_leader_that_takes_its_entry_away_is_gone_and_other_components_are_no_news()
    {
        var listener = await ListenToDispatcherAsync();
        await PutAsync(("dispatcher", $"{Session},one"), ("restserver", $"{Guid.NewGuid()},moved"));
        await SettleAsync();
        listener.HasHeardNothingMore();

        await PutAsync(("restserver", $"{Session},rest"));

        (await listener.NextAsync()).Should().BeNull();
    }

    [Fact]
    public async Task A_deleted_ConfigMap_means_no_leader()
    {
        var listener = await ListenToDispatcherAsync();

        await World.DeleteAsync(FlinkKey);

        (await listener.NextAsync()).Should().BeNull();
    }

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("no-uuid,address")]
    [InlineData("0f6c1a52-8a61-4f57-9e9b-2f3ab04d57a1")]
    [InlineData("0f6c1a52-8a61-4f57-9e9b-2f3ab04d57a1,")]
    [InlineData(",0f6c1a52-8a61-4f57-9e9b-2f3ab04d57a1,address")]
    public async Task What_is_not_a_session_and_an_address_is_no_leader_and_named(string entry)
    {
        FlinkLeaderEntry.TryParse(entry).Should().BeNull();
        await PutAsync(("dispatcher", entry));
        var listener = Listen(Follower.FollowFlink(LeaderComponent.Dispatcher));

        (await listener.NextAsync()).Should().BeNull();
        (await listener.NextAsync()).Should().BeOfType<InvalidOperationException>().Which.Message.Should().Contain("org.apache.flink.k8s.leader.dispatcher");
    }

    [Fact]
    public void The_first_comma_splits() => FlinkLeaderEntry.TryParse($"{Session},a,b,,c").Should().Be((Session, "a,b,,c"));

    [Theory]
    [InlineData("")]
    [InlineData("job-")]
    public async Task A_job_is_found_under_the_keys_of_all_versions(string prefix)
    {
        await PutAsync((prefix + Job, $"{Session},job"));
        (await Listen(Follower.FollowFlink(LeaderComponent.JobManager(JobId.Parse(Job)))).NextAsync()).Should().Be(FlinkLeader("job"));
    }

    [Fact]
    public async Task A_key_of_an_unknown_form_is_named_and_not_silently_no_leader()
    {
        await PutAsync(("job.v3-" + Job, $"{Session},job"));
        var listener = Listen(Follower.FollowFlink(LeaderComponent.JobManager(JobId.Parse(Job))));
        (await listener.NextAsync()).Should().BeNull();
        (await listener.NextAsync()).Should().BeOfType<InvalidOperationException>().Which.Message.Should().Contain($"org.apache.flink.k8s.leader.job.v3-{Job}");
        Logs.Of(404).Should().ContainSingle();
    }

    [Fact]
    public async Task Flink_1_12_to_1_14_has_a_ConfigMap_per_component()
    {
        var component = LeaderComponent.JobManager(JobId.Parse(Job));
        var key = HaWorld.KeyOf(component);
        await World.PutAsync(new ConfigMap(key)
        {
            Labels = HaNames.Labels(HaWorld.ClusterId),
            Annotations = new Dictionary<string, string> { [HaNames.LockAnnotation] = FlinkLock(1) },
            Data = new Dictionary<string, string>
            {
                ["address"] = RpcAddress, ["sessionId"] = $"{Session}", ["counter"] = "39145", ["checkpointID-0000000000000039144"] = "rO0ABXNyAA==",
            },
        });
        var listener = Listen(Follower.FollowFlink(component, FlinkHaLayout.ConfigMapPerComponent));
        var leader = (LeaderInformation)(await listener.NextAsync())!;
        leader.Should().Be(FlinkLeader(RpcAddress) with { HolderIdentity = FlinkHolder, Since = leader.Since });
        leader.Since.Should().Be(new DateTimeOffset(2020, 11, 2, 3, 1, 2, 123, TimeSpan.Zero));

        // It renews, goes, and comes back as another.
        await World.EditAsync(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [HaNames.LockAnnotation] = FlinkLock(2) } } }, key);
        (await listener.NextAsync()).Should().Be(leader with { Liveness = LeaderLiveness.Alive });
        await World.EditAsync(new JsonObject { ["data"] = new JsonObject { ["address"] = null, ["sessionId"] = null } }, key);
        (await listener.NextAsync()).Should().BeNull();
    }

    [Fact]
    public async Task Flinks_own_ConfigMap_under_our_name_is_recognized_named_and_left_alone()
    {
        await World.PutAsync(new ConfigMap(HaWorld.Key)
        {
            Labels = HaNames.Labels(HaWorld.ClusterId),
            Annotations = new Dictionary<string, string> { [HaNames.LockAnnotation] = FlinkLock(1) },
            Data = new Dictionary<string, string> { ["address"] = RpcAddress, ["sessionId"] = $"{Session}" },
        });
        var before = await World.ReadAsync();
        var contender = World.Start("ours");
        var listener = Listen();
        await World.AdvanceAsync(TimeSpan.FromMinutes(2));

        (await listener.NextAsync()).Should().BeNull();
        (await listener.NextAsync()).Should().BeOfType<InvalidOperationException>().Which.Message.Should().Contain("Flink");
        contender.Terms.Should().BeEmpty();
        contender.Logs.Of(307).Should().ContainSingle().Which.Should().Contain("Flink");
        (await World.ReadAsync()).ResourceVersion.Should().Be(before.ResourceVersion);
    }

    private static LeaderInformation FlinkLeader(string address) => new(Session, address);

    private static string FlinkLock(int renewal) =>
        $$"""{"holderIdentity":"{{FlinkHolder}}","leaseDuration":15.000000000,"acquireTime":"2020-11-02T03:01:02.123000Z","renewTime":"2020-11-02T09:41:0{{renewal}}.345000Z","leaderTransitions":9}""";

    private async Task<RecordingListener> ListenToDispatcherAsync()
    {
        await PutAsync(("dispatcher", $"{Session},one"), ("restserver", $"{Session},rest"));
        var listener = Listen(Follower.FollowFlink(LeaderComponent.Dispatcher));
        (await listener.NextAsync()).Should().Be(FlinkLeader("one"));
        return listener;
    }

    private Task PutAsync(params (string Component, string Entry)[] leaders) => World.PutAsync(new ConfigMap(FlinkKey)
    {
        Data = leaders.ToDictionary(leader => $"org.apache.flink.k8s.leader.{leader.Component}", leader => leader.Entry),
    });
}
