using k8s;

namespace Flink.Kubernetes.HA.Tests.ConfigMaps;

/// <summary>What goes over the wire.</summary>
public sealed class RequestFormTests() : RequestTest(host: "https://host:6443/k8s/clusters/c-1/")
{
    private const string Metadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    private const string MetadataList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    private const string Items = """{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":"c"},"items":[]}""";

    [Fact]
    public async Task Every_request_goes_to_its_path_below_the_one_of_the_server()
    {
        Responds(() => Answer.Status(404, "NotFound"));
        foreach (var verb in (IEnumerable<string>)Verbs.Select(row => row.Data))
        {
            await FailureOfAsync(verb);
        }

        const string Root = "https://host:6443/k8s/clusters/c-1/api/v1/namespaces/ns/configmaps";
        Handler.Sent.Select(sent => $"{sent.Method} {sent.Uri.GetLeftPart(UriPartial.Path)}").Should().Equal(
            $"GET {Root}/a", $"GET {Root}", $"GET {Root}", $"POST {Root}", $"PATCH {Root}/a", $"DELETE {Root}/a");
        Handler.Sent.Should().AllSatisfy(sent => sent.Authorization.Should().Be($"Bearer {Secret}"));
    }

    [Fact]
    public async Task Writes_carry_the_field_manager_and_the_media_type_of_their_patch_and_ask_for_metadata_only()
    {
        Responds(() => Answer.Text(200, Answer.ConfigMap));

        await CallAsync("create");
        var patched = await Requests.PatchAsync(Key, Patch, Canceled);
        await Requests.PatchAsync(Key, ConfigMapPatch.MergeAt("7", [], [], [new("k", null)]), Canceled);
        await CallAsync("delete");
        await Requests.DeleteAsync(Key, uid: null, resourceVersion: null, Canceled);

        (patched.Key, patched.Uid, patched.ResourceVersion).Should().Be((Key, "u", "7"));
        Handler.Sent.Select(sent => $"{sent.Query} {sent.ContentType} {sent.Body}").Should().Equal(
            """?fieldManager=flink-kubernetes-ha application/json {"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"app":"orders"},"name":"a","namespace":"ns"}}""",
            $"?fieldManager=flink-kubernetes-ha application/json-patch+json {Patch.Json}",
            """?fieldManager=flink-kubernetes-ha application/merge-patch+json {"metadata":{"resourceVersion":"7","labels":{},"annotations":{}},"data":{"k":null}}""",
            """ application/json {"preconditions":{"resourceVersion":"7","uid":"u"}}""",
            """ application/json {"preconditions":{}}""");
        Handler.Sent.Select(sent => sent.Accept).Should().Equal(null, Metadata, Metadata, null, null);
    }

    [Fact]
    public async Task A_patch_is_sent_byte_for_byte()
    {
        Responds(() => Answer.Text(200, Answer.ConfigMap));
        var patch = ConfigMapPatch.Operations(PatchOperation.Test("/data/k", "\"'<>&\\ é 🙂 \u2028 \u007f \u0001 \ud800"));

        await Requests.PatchAsync(Key, patch, Canceled);

        Handler.Sent.Single().Body.Should().Be(patch.Json).And.Contain("""\"'\u003c\u003e\u0026\\ é 🙂 \u2028""");
    }

    [Fact]
    public async Task Reads_ask_for_metadata_only_where_that_suffices()
    {
        Responds(() => Answer.Text(200, Answer.ConfigMap), () => Answer.Text(200, """{"kind":"PartialObjectMetadata","metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"7"}}"""));

        (await Requests.GetAsync(Key, metadataOnly: false, Canceled)).Data.Should().Equal(new Dictionary<string, string> { ["k"] = "v" });
        (await Requests.GetAsync(Key, metadataOnly: true, Canceled)).Data.Should().BeEmpty();

        Handler.Sent.Select(sent => sent.Accept).Should().Equal(null, Metadata);
    }

    [Fact]
    public async Task Lists_carry_their_selection_escaped_and_return_pages()
    {
        Responds(() => Answer.Text(200, Items));
        var selection = new ConfigMapSelection { LabelSelector = "a in (x,y)&b", FieldSelector = "metadata.name=a", Limit = 5, Continue = "t+/=" };

        var page = await Requests.ListAsync("ns", selection, Canceled);
        await Requests.ListAsync("ns", ConfigMapSelection.Named("a", isMetadataOnly: true), Canceled);
        await Requests.ListAsync("ns", new ConfigMapSelection(), Canceled);

        (page.Items.Count, page.ResourceVersion, page.Continue).Should().Be((0, "9", "c"));
        Handler.Sent[0].Uri.Query.TrimStart('?').Split('&').Should().BeEquivalentTo(
            "labelSelector=a%20in%20%28x%2Cy%29%26b", "fieldSelector=metadata.name%3Da", "limit=5", "continue=t%2B%2F%3D");
        (Handler.Sent[1].Query, Handler.Sent[1].Accept).Should().Be(("?fieldSelector=metadata.name=a", MetadataList));
        (Handler.Sent[2].Query, Handler.Sent[2].Accept).Should().Be((string.Empty, null));
    }

    [Theory]
    [InlineData(0.2, "1")]
    [InlineData(1.9, "1")]
    [InlineData(300, "300")]
    public async Task A_watch_asks_for_metadata_bookmarks_and_an_end_after_whole_seconds(double seconds, string sent)
    {
        Responds(200, string.Empty);
        var selection = new ConfigMapSelection { LabelSelector = "a in (x,y)&b", FieldSelector = "metadata.name=a", IsMetadataOnly = true };

        await ReadAllAsync(Requests.WatchAsync("ns", selection, "5+", TimeSpan.FromSeconds(seconds), Canceled));

        Handler.Sent.Single().Uri.Query.Should().Be(
            $"?watch=true&allowWatchBookmarks=true&resourceVersion=5%2B&timeoutSeconds={sent}&fieldSelector=metadata.name%3Da&labelSelector=a%20in%20%28x%2Cy%29%26b");
        Handler.Sent.Single().Accept.Should().Be(Metadata);
    }

    // HTTP/2 and the name in the server's certificate: otherwise the watch would use another connection than the rest, without its pings.
    [Fact]
    public async Task A_watch_is_sent_in_the_form_of_the_list_before_it_also_when_that_had_another_time_limit()
    {
        using var client = new k8s.Kubernetes(new KubernetesClientConfiguration { Host = "https://10.0.0.1", TlsServerName = "inner.example" }, Handler);
        var requests = new ConfigMapRequests(client, TimeSpan.FromSeconds(10), 0, Time, Logs, Metrics);
        Responds(() => Answer.Text(200, Items), () => Answer.Text(200, string.Empty));

        await CallAsync(requests.WithTimeout(TimeSpan.FromMinutes(1)), "list");
        await CallAsync(requests, "watch");

        Handler.Sent[0].Form.Should().Be(("inner.example", HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower));
        Handler.Sent[1].Form.Should().Be(Handler.Sent[0].Form);
    }
}
