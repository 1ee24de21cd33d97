using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

public sealed class RoundTripTests
{
    [Fact]
    public async Task Fields_of_a_pod_that_the_model_does_not_know_survive_at_every_level() => await Survives(
        KubeResources.Pods,
        """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"ns","uid":"u","resourceVersion":"3","generation":4,
        "labels":{"a/b":"c"},"annotations":{"x":"{\"y\":1}"},"finalizers":["f"],
        "ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"n","uid":"o","controller":true}],
        "managedFields":[{"manager":"m","operation":"Update","fieldsV1":{"f:data":{".":{},"f:k":{}}}}]},
        "spec":{"containers":[{"name":"c","image":"i","env":[{"name":"A","value":null}]}],"nodeName":"n","big":12345678901234567890},
        "status":{"phase":"Failed","podIP":"10.0.0.1","qosClass":"Burstable","conditions":[{"type":"Ready","status":"False"}],
        "containerStatuses":[{"name":"c","ready":false,"restartCount":2,"imageID":"sha","lastState":{"running":{}},
        "state":{"waiting":{"reason":"w"},"terminated":{"exitCode":137,"reason":"OOMKilled","finishedAt":"2026-01-02T03:04:05+00:00","signal":9}}}]},
        "future":{"deep":[1,"two",{"three":3.50}]}}
        """);

    [Fact]
    public async Task Fields_of_a_config_map_survive() => await Survives(
        KubeResources.ConfigMaps,
        """
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"p","namespace":"ns","deletionGracePeriodSeconds":0},
        "immutable":false,"data":{"k":"line\nline \"quoted\" <&> ü \u2028","empty":""},"binaryData":{"b":"+/8="},"newInVersion9":true}
        """);

    [Fact]
    public async Task Fields_of_a_lease_survive_with_times_of_six_digits() => await Survives(
        KubeResources.Leases,
        """
        {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"p","namespace":"ns"},
        "spec":{"holderIdentity":"","leaseDurationSeconds":15,"acquireTime":"2026-01-02T03:04:05.000000Z","renewTime":"2026-01-02T03:04:05.120000Z",
        "leaseTransitions":1,"preferredHolder":"x","strategy":"OldestEmulationVersion"}}
        """);

    [Theory]
    [InlineData("""{"items":[{}],"kind":"ConfigMapList"}""")]
    [InlineData("""{"items":[{"metadata":null}],"kind":"ConfigMapList"}""")]
    public async Task Metadata_that_is_absent_is_empty_but_never_null(string json)
    {
        await using var client = Over(new ScriptedHandler(ScriptedHandler.Json(json)));

        var item = (await client.ListAsync(KubeResources.ConfigMaps, "ns", null, Token)).Items.Single();

        Assert.NotNull(item.Metadata);
        Assert.Null(item.Metadata.Name);
    }

    private static async Task Survives<T>(KubeResource<T> resource, string json)
        where T : KubeObject
    {
        var handler = new ScriptedHandler(ScriptedHandler.Json(json), ScriptedHandler.Json(json));
        await using var client = Over(handler);

        await client.ReplaceAsync(resource, await client.GetAsync(resource, new ObjectKey("ns", "p"), Token), Token);

        Assert.True(
            JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(handler.Sent[1].Body)),
            $"Read:\n{json}\nWritten:\n{handler.Sent[1].Body}");
    }
}
