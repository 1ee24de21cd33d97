using System.Text.Json.Nodes;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

public abstract partial class ApiServerSuiteTests
{
    private const string AnotherUid = "00000000-0000-0000-0000-000000000001";

    [Fact]
    public async Task Create_keeps_text_of_any_kind_to_the_last_character()
    {
        const string Text = "line\r\n\ttab \"quoted\" \\ back/slash <&'> \u0001 é 漢字 🙂 \u2028 {\"json\":[1,null]} %2F";
        await CreateAsync("a", ("text", Text), ("empty", string.Empty));
        (await GetAsync("a")).Data.Should().Equal(Map(("text", Text), ("empty", string.Empty)));
    }

    [Fact]
    public async Task Create_keeps_binary_data()
    {
        byte[] bytes = [0, 255, 10, 13, 128, 0];
        await CreateAsync(NewConfigMap("a") with { BinaryData = new Dictionary<string, byte[]> { ["b"] = bytes } });
        (await GetAsync("a")).BinaryData["b"].Should().Equal(bytes);
    }

    [Fact]
    public async Task Create_keeps_labels_and_annotations()
    {
        var item = NewConfigMap("a");
        item.Metadata.Labels = Map(("app", "orders"), ("example.org/part", string.Empty));
        item.Metadata.Annotations = Map(("example.org/leader", """{"holderIdentity":"a \"b\""}"""), ("note", "any text\nat all"));
        await CreateAsync(item);
        var read = await GetAsync("a");
        read.Metadata.Labels.Should().Equal(item.Metadata.Labels);
        read.Metadata.Annotations.Should().Equal(item.Metadata.Annotations);
    }

    [Fact]
    public async Task Create_of_the_same_name_in_another_namespace_is_another_object()
    {
        var here = await CreateAsync("a", ("k", "here"));
        var item = NewConfigMap("a", ("k", "there"));
        item.Metadata.NamespaceProperty = await Server.CreateNamespaceAsync(Token);
        (await CreateAsync(item)).Metadata.Uid.Should().NotBe(here.Metadata.Uid);
        await Client.DeleteAsync(item.Metadata.NamespaceProperty, "a", null, Token);
        await UnchangedAsync(here);
        (await ListAsync()).Items.Select(i => i.Metadata.NamespaceProperty).Should().OnlyContain(n => n == Namespace);
    }

    [Fact]
    public async Task Create_takes_uid_and_creationTimestamp_of_the_server_not_of_the_caller()
    {
        var item = NewConfigMap("a");
        (item.Metadata.Uid, item.Metadata.CreationTimestamp) = (AnotherUid, DateTime.UnixEpoch);
        var created = await CreateAsync(item);
        created.Metadata.Uid.Should().NotBe(AnotherUid);
        created.Metadata.CreationTimestamp.Should().BeAfter(DateTime.UnixEpoch);
    }

    [Fact]
    public async Task Create_in_another_namespace_than_the_path_says_is_BadRequest()
    {
        var item = ResourceKind.ConfigMap.New("a");
        item["metadata"]!["namespace"] = "other";
        await RefusedAsync(Refusal.BadRequest, () => Raw.CreateAsync(item));
    }

    [Theory, InlineData("[]"), InlineData("\"x\""), InlineData("{"), InlineData("")]
    [InlineData("""{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"a"}}""")]
    public Task Create_of_what_is_no_such_object_is_BadRequest(string body) =>
        RefusedAsync(Refusal.BadRequest, () => Raw.SendAsync(HttpMethod.Post, null, body));

    [Fact]
    public Task Create_with_a_body_in_an_unknown_format_is_UnsupportedMediaType() =>
        RefusedAsync(Refusal.UnsupportedMediaType, () => Raw.SendAsync(HttpMethod.Post, null, """{"metadata":{"name":"a"}}""", "text/plain"));

    [Fact]
    public async Task An_answer_in_a_format_that_no_server_knows_is_NotAcceptable()
    {
        await CreateAsync("a");
        await RefusedAsync(Refusal.NotAcceptable, () => (Raw with { Accept = "text/html" }).GetAsync("a"));
    }

    // What the models of the official client are given by a server: a missing map, not an empty one, and never a null in a map.

    [Theory, InlineData("null", "null", "null", "null"), InlineData("{}", "{}", "{}", "{}")]
    [InlineData("null", "{}", "null", "{}"), InlineData("{}", "null", "{}", "null")]
    public async Task Null_and_empty_maps_are_answered_as_missing_ones(string labels, string annotations, string data, string binaryData)
    {
        var version = await CurrentVersionAsync();
        var body = $$"""{"metadata":{"name":"a","labels":{{labels}},"annotations":{{annotations}} },"data":{{data}},"binaryData":{{binaryData}} }""";
        HasNoMaps(await Raw.SendAsync(HttpMethod.Post, null, body));
        HasNoMaps(await Raw.GetAsync("a"));
        var listed = (await ListAsync(new ListQuery(Fields: "metadata.name=a"))).Items.Single();
        using var watch = await WatchAsync(new WatchQuery(version));
        foreach (var item in new[] { listed, await GetAsync("a"), (await watch.NextAsync("ADDED", "a")).Object })
        {
            object?[] maps = [item.Metadata.Labels, item.Metadata.Annotations, item.Data, item.BinaryData];
            maps.Should().AllSatisfy(map => map.Should().BeNull());
        }
    }

    [Theory]
    [InlineData("[{'op':'replace','path':'/metadata/labels','value':null},{'op':'add','path':'/data','value':null}]")]
    [InlineData("[{'op':'replace','path':'/metadata/labels','value':{}},{'op':'add','path':'/data','value':{}}]")]
    [InlineData("[{'op':'remove','path':'/metadata/labels'},{'op':'remove','path':'/data'}]")]
    [InlineData("{'metadata':{'labels':null},'data':null}"), InlineData("{'metadata':{'labels':{'l':null}},'data':{'k':null}}")]
    public async Task Maps_that_a_patch_empties_are_answered_as_missing_ones(string patch)
    {
        var item = NewConfigMap("a", ("k", "1"));
        item.Metadata.Labels = Map(("l", "1"));
        await CreateAsync(item);
        HasNoMaps(await (patch[0] == '[' ? Raw.SendPatchAsync("a", Quoted(patch)) : Raw.MergeAsync("a", Quoted(patch))));
        HasNoMaps(await Raw.GetAsync("a"));
    }

    [Fact]
    public async Task A_null_for_a_text_is_stored_as_the_empty_text()
    {
        await Raw.SendAsync(HttpMethod.Post, null, """{"metadata":{"name":"a","labels":{"l":null},"annotations":{"a":null}},"data":{"k":null}}""");
        await PatchAsync("a", Add("/data/added", null), Add("/metadata/labels/added", null));
        var read = await GetAsync("a");
        read.Data.Should().Equal(Map(("added", string.Empty), ("k", string.Empty)));
        read.Metadata.Labels.Should().Equal(Map(("added", string.Empty), ("l", string.Empty)));
        read.Metadata.Annotations.Should().Equal(Map(("a", string.Empty)));
    }

    private static void HasNoMaps(JsonObject item) =>
        (item.At("metadata/labels") ?? item.At("metadata/annotations") ?? item["data"] ?? item["binaryData"]).Should().BeNull("it is {0}", item);
}
