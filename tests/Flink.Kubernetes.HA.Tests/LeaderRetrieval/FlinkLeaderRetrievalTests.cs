using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Tests.LeaderRetrieval;

/// <summary>Following the leaders of a real Flink cluster, 1.15 or later.</summary>
public sealed class FlinkLeaderRetrievalTests : RetrievalTestBase
{
    private const string Job = "2c8f0000000000000000000000000abc";
    private const string RpcAddress = "akka.tcp://flink@10.0.0.7:6123/user/rpc/dispatcher_1";

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
            var retrieval = CreateFlinkRetrieval(component);
            var listener = new RecordingListener();
            retrieval.AddListener(listener);
            Assert.Equal(new LeaderInformation(Session, address), await listener.NextAsync());
        }

        await SettleAsync();
        Assert.Equal(1, Server.OpenWatches);
        Assert.Equal("orders-cluster-config-map", Assert.Single(Server.Requests, request => request.Verb == "watch").Name);
    }

    [Fact]
    public async Task A_leader_that_takes_its_entry_away_is_gone_and_other_components_are_no_news()
    {
        await PutAsync(("dispatcher", $"{Session},one"), ("restserver", $"{Session},rest"));
        await using var retrieval = CreateFlinkRetrieval(LeaderComponent.Dispatcher);
        var listener = new RecordingListener();
        retrieval.AddListener(listener);
        await listener.NextAsync();
        await PutAsync(("dispatcher", $"{Session},one"), ("restserver", $"{Guid.NewGuid()},moved"));
        await SettleAsync();
        listener.HasHeardNothingMore();

        await PutAsync(("restserver", $"{Session},rest"));

        Assert.Null(await listener.NextAsync());
    }

    [Fact]
    public async Task A_deleted_ConfigMap_means_no_leader()
    {
        await PutAsync(("dispatcher", $"{Session},one"));
        await using var retrieval = CreateFlinkRetrieval(LeaderComponent.Dispatcher);
        var listener = new RecordingListener();
        retrieval.AddListener(listener);
        await listener.NextAsync();

        await Admin.DeleteAsync(KubeResources.ConfigMaps, new ObjectKey("default", "orders-cluster-config-map"), cancellationToken: Cancelled);

        Assert.Null(await listener.NextAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("no-uuid,address")]
    [InlineData("0f6c1a52-8a61-4f57-9e9b-2f3ab04d57a1")]
    [InlineData("0f6c1a52-8a61-4f57-9e9b-2f3ab04d57a1,")]
    [InlineData(",0f6c1a52-8a61-4f57-9e9b-2f3ab04d57a1,address")]
    public async Task What_is_not_a_session_and_an_address_is_no_leader_and_logged_for_debugging(string entry)
    {
        Assert.Null(FlinkLeaderEntry.TryParse(entry));
        await PutAsync(("dispatcher", entry));
        await using var retrieval = CreateFlinkRetrieval(LeaderComponent.Dispatcher);
        var listener = new RecordingListener();
        retrieval.AddListener(listener);

        Assert.Null(await listener.NextAsync());
        Assert.Single(Logs.Of(406));
    }

    [Fact]
    public void The_first_comma_splits()
    {
        Assert.Equal(new LeaderInformation(Session, "a,b,,c"), FlinkLeaderEntry.TryParse($"{Session},a,b,,c"));
        Assert.Null(FlinkLeaderEntry.TryParse(null));
    }

    [Fact]
    public void A_custom_component_that_only_looks_like_a_job_keeps_its_name()
    {
        Assert.Equal("org.apache.flink.k8s.leader.my-jobmanager", FlinkLeaderEntry.Key(LeaderComponent.Custom("my-jobmanager")));
        Assert.Equal($"org.apache.flink.k8s.leader.{Job}", FlinkLeaderEntry.Key(LeaderComponent.JobManager(JobId.Parse(Job))));
    }

    private Task PutAsync(params (string Component, string Entry)[] leaders) => PutAsync(new ConfigMap
    {
        Metadata = new ObjectMeta { Namespace = "default", Name = FlinkLeaderEntry.ConfigMap("orders") },
        Data = leaders.ToDictionary(leader => $"org.apache.flink.k8s.leader.{leader.Component}", leader => leader.Entry),
    });
}
