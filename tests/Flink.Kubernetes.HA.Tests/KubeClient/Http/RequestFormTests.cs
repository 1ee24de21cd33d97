using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Xunit;
using static Flink.Kubernetes.HA.Tests.KubeClient.Http.HttpTestClient;

namespace Flink.Kubernetes.HA.Tests.KubeClient.Http;

public sealed class RequestFormTests
{
    private const string Metadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    private const string PartialJson = """{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"a","namespace":"ns"}}""";
    private const string EmptyList = """{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9"},"items":null}""";

    [Fact]
    public async Task Reads_go_to_the_paths_of_core_and_grouped_resources()
    {
        var handler = new ScriptedHandler(
            ScriptedHandler.Json(ConfigMapJson),
            ScriptedHandler.Json("""{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"a","namespace":"ns"}}"""),
            ScriptedHandler.Json(PartialJson));
        await using var client = Over(handler, server: "https://host:6443/k8s/clusters/c-1/");

        await client.GetAsync(KubeResources.ConfigMaps, Key, Token);
        await client.GetAsync(KubeResources.Leases, Key, Token);
        var partial = await client.GetAsync(KubeResources.ConfigMaps.MetadataOnly, Key, Token);

        Assert.Equal(
            [
                "https://host:6443/k8s/clusters/c-1/api/v1/namespaces/ns/configmaps/a",
                "https://host:6443/k8s/clusters/c-1/apis/coordination.k8s.io/v1/namespaces/ns/leases/a",
                "https://host:6443/k8s/clusters/c-1/api/v1/namespaces/ns/configmaps/a",
            ],
            handler.Sent.Select(r => r.Uri.AbsoluteUri));
        Assert.Equal(["application/json", "application/json", Metadata], handler.Sent.Select(r => r.Accept));
        Assert.Equal(Key, partial.Key);
    }

    [Fact]
    public async Task Lists_carry_their_options_escaped()
    {
        var handler = new ScriptedHandler(ScriptedHandler.Json(EmptyList), ScriptedHandler.Json(EmptyList));
        await using var client = Over(handler);

        var list = await client.ListAsync(KubeResources.ConfigMaps, "ns", new ListOptions { LabelSelector = "a in (x,y)&b", FieldSelector = "metadata.name=a", Limit = 5, Continue = "t+/=" }, Token);
        await client.ListAsync(KubeResources.ConfigMaps.MetadataOnly, "ns", null, Token);

        Assert.Empty(list.Items);
        Assert.Equal(("9", null), (list.ResourceVersion, list.Continue));
        Assert.Equal("?labelSelector=a%20in%20%28x%2Cy%29%26b&fieldSelector=metadata.name%3Da&limit=5&continue=t%2B%2F%3D", handler.Sent[0].Uri.Query);
        Assert.Equal("", handler.Sent[1].Uri.Query);
        Assert.Equal("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", handler.Sent[1].Accept);
    }

    [Fact]
    public async Task A_page_of_a_list_gives_its_items_and_the_token_of_the_next()
    {
        var handler = new ScriptedHandler(ScriptedHandler.Json(
            """{"items":[{"metadata":{"name":"x"},"data":{"k":"1"}},{"metadata":{"name":"y","z":[1,{}]}}],"other":[{"a":1}],"metadata":{"resourceVersion":"12","continue":"c","remainingItemCount":3},"apiVersion":"v1","kind":"ConfigMapList"}"""));
        await using var client = Over(handler);

        var list = await client.ListAsync(KubeResources.ConfigMaps, "ns", null, Token);

        Assert.Equal(["x", "y"], list.Items.Select(i => i.Metadata.Name));
        Assert.Equal(("12", "c"), (list.ResourceVersion, list.Continue));
    }

    [Theory]
    [InlineData(0.2, "1")]
    [InlineData(1.9, "1")]
    [InlineData(300, "300")]
    public async Task A_watch_asks_for_metadata_bookmarks_and_a_timeout_in_whole_seconds(double seconds, string sent)
    {
        var handler = new ScriptedHandler(ScriptedHandler.Json(""));
        await using var client = Over(handler);
        var options = new WatchOptions { FieldSelector = "metadata.name=a", ResourceVersion = "5", Timeout = TimeSpan.FromSeconds(seconds) };

        await ReadAll(client.WatchAsync(KubeResources.ConfigMaps.MetadataOnly, "ns", options, Token));

        Assert.Equal($"?watch=true&fieldSelector=metadata.name%3Da&resourceVersion=5&timeoutSeconds={sent}&allowWatchBookmarks=true", handler.Sent.Single().Uri.Query);
        Assert.Equal(Metadata, handler.Sent.Single().Accept);
    }

    [Fact]
    public async Task Writes_carry_kind_and_version_and_the_media_type_of_their_patch()
    {
        var answer = ScriptedHandler.Json(ConfigMapJson);
        var handler = new ScriptedHandler(answer, answer, answer, answer, ScriptedHandler.Json("""{"kind":"Status"}"""), ScriptedHandler.Json("""{"kind":"Status"}"""));
        await using var client = Over(handler);

        await client.CreateAsync(KubeResources.ConfigMaps, Item, Token);
        await client.ReplaceAsync(KubeResources.ConfigMaps, Item with { Kind = "Wrong" }, Token);
        await client.PatchAsync(KubeResources.ConfigMaps, Key, KubePatch.Json(JsonPatchOperation.Test("/data/k", "\"ü\"")), Token);
        await client.PatchAsync(KubeResources.ConfigMaps, Key, KubePatch.Merge(new JsonObject { ["data"] = null }), Token);
        await client.DeleteAsync(KubeResources.ConfigMaps, Key, null, Token);
        await client.DeleteAsync(KubeResources.ConfigMaps, Key, new DeletePreconditions("u", "7"), Token);

        Assert.Equal(
            [
                """POST /api/v1/namespaces/ns/configmaps application/json {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"},"data":{"k":"v"}}""",
                """PUT /api/v1/namespaces/ns/configmaps/a application/json {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"ns"},"data":{"k":"v"}}""",
                """PATCH /api/v1/namespaces/ns/configmaps/a application/json-patch+json [{"op":"test","path":"/data/k","value":"\"ü\""}]""",
                """PATCH /api/v1/namespaces/ns/configmaps/a application/merge-patch+json {"data":null}""",
                """DELETE /api/v1/namespaces/ns/configmaps/a application/json {"apiVersion":"v1","kind":"DeleteOptions"}""",
                """DELETE /api/v1/namespaces/ns/configmaps/a application/json {"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u","resourceVersion":"7"}}""",
            ],
            handler.Sent.Select(r => $"{r.Method} {r.Uri.AbsolutePath} {r.ContentType} {r.Body}"));
    }

    [Theory]
    [InlineData("ns", "")]
    [InlineData("ns", null)]
    [InlineData("", "a")]
    [InlineData("ns", "../secrets/x")]
    [InlineData("..", "a")]
    [InlineData("ns", ".")]
    [InlineData("ns", "a/b")]
    [InlineData("ns", "a%2f..")]
    [InlineData("ns", "a?watch=true")]
    [InlineData("ns", "a#b")]
    [InlineData("ns/secrets", "a")]
    [InlineData("ns", "a\r\nb")]
    [InlineData("ns", "ä")]
    public async Task Names_that_no_object_can_have_are_refused_before_anything_is_sent(string? namespaceName, string? name)
    {
        var handler = new ScriptedHandler();
        await using var client = Over(handler);
        var key = new ObjectKey(namespaceName!, name!);
        var item = new ConfigMap { Metadata = new() { Namespace = namespaceName, Name = name } };

        await Assert.ThrowsAsync<ArgumentException>(() => client.GetAsync(KubeResources.ConfigMaps, key, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.PatchAsync(KubeResources.ConfigMaps, key, Patch, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.DeleteAsync(KubeResources.ConfigMaps, key, null, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.CreateAsync(KubeResources.ConfigMaps, item, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.ReplaceAsync(KubeResources.ConfigMaps, item, Token));
        if (name == "a")
        {
            await Assert.ThrowsAsync<ArgumentException>(() => client.ListAsync(KubeResources.ConfigMaps, namespaceName!, null, Token));
            Assert.Throws<ArgumentException>(() => client.WatchAsync(KubeResources.ConfigMaps, namespaceName!, null, Token));
        }

        Assert.Empty(handler.Sent);
    }

    [Fact]
    public async Task Metadata_alone_is_neither_created_nor_replaced()
    {
        await using var client = Over(new ScriptedHandler());
        var item = new PartialObjectMetadata { Metadata = Item.Metadata };

        await Assert.ThrowsAsync<ArgumentException>(() => client.CreateAsync(KubeResources.ConfigMaps.MetadataOnly, item, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => client.ReplaceAsync(KubeResources.ConfigMaps.MetadataOnly, item, Token));
    }

    [Fact]
    public void Options_out_of_range_are_refused_with_their_name()
    {
        Assert.Equal("RequestTimeout", Refused(new KubeClientOptions { RequestTimeout = TimeSpan.Zero }).ParamName);
        Assert.Equal("MaxRetries", Refused(new KubeClientOptions { MaxRetries = -1 }).ParamName);
        Assert.Equal("MaxRetryDelay", Refused(new KubeClientOptions { RetryDelay = TimeSpan.FromSeconds(9) }).ParamName);
        Assert.Equal("KeepAlivePingTimeout", Refused(new KubeClientOptions { KeepAlivePingTimeout = TimeSpan.FromMilliseconds(5) }).ParamName);

        static ArgumentOutOfRangeException Refused(KubeClientOptions options) =>
            Assert.Throws<ArgumentOutOfRangeException>(() => Over(new ScriptedHandler(), options: options));
    }
}
