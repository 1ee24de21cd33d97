using System.Text.Json.Nodes;
using k8s.Models;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>Answers that carry metadata only: 1 MB of pointers must not travel with a heartbeat.</summary>
public abstract partial class ApiServerSuiteTests
{
    private const string Payload = "payload-that-must-not-travel";

    private RawRequests Partial => Raw with { Accept = ApiServerClient.MetadataOnly };

    [Fact]
    public async Task Metadata_only_get_has_all_metadata_and_no_data()
    {
        var stored = await CreatePayloadAsync("a");
        IsMetadataOf(stored, await Partial.GetAsync("a"));
    }

    [Fact]
    public async Task Metadata_only_create_answers_without_data()
    {
        HasNoData(await Partial.CreateAsync(JsonNode.Parse($$$"""{"metadata":{"name":"a"},"data":{"k":"{{{Payload}}}"}}""")!.AsObject()));
        (await GetAsync("a")).Data.Should().Equal(Map(("k", Payload)));
    }

    [Fact]
    public async Task Metadata_only_list_has_no_data_and_selectors_and_pages_work()
    {
        var stored = await CreatePayloadAsync("a");
        await CreatePayloadAsync("b");
        var list = await Partial.ListAsync(new ListQuery(Labels: "app=a"));
        list.Text("kind").Should().Be("PartialObjectMetadataList");
        list.Text("metadata/resourceVersion").Should().NotBeNullOrEmpty();
        IsMetadataOf(stored, list["items"]!.AsArray().Should().ContainSingle().Subject!.AsObject());
        var page = await Partial.ListAsync(new ListQuery(Labels: "app", Limit: 1));
        page = await Partial.ListAsync(new ListQuery(Labels: "app", Limit: 1, Continue: page.Text("metadata/continue")));
        page["items"]!.AsArray().Select(i => i.Text("metadata/name")).Should().Equal("b");
    }

    [Fact]
    public async Task An_empty_list_of_metadata_has_null_for_items_and_one_of_objects_has_none()
    {
        var list = await Partial.ListAsync(new ListQuery(Labels: "app=none"));
        list.ContainsKey("items").Should().BeTrue();
        list["items"].Should().BeNull();
        (await Raw.ListAsync(new ListQuery(Labels: "app=none")))["items"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task Metadata_only_patch_changes_data_and_does_not_answer_with_it()
    {
        var stored = await CreatePayloadAsync("a");
        var answer = await Partial.PatchAsync("a", Test("/data/k", Payload), Add("/data/l", Payload), Replace("/metadata/annotations/note", "m"));
        HasNoData(answer);
        answer.Text("metadata/resourceVersion").Should().NotBe(stored.Metadata.ResourceVersion);
        answer.Text("metadata/annotations/note").Should().Be("m");
        HasNoData(await Partial.MergeAsync("a", """{"data":{"k":null}}"""));
        (await GetAsync("a")).Data.Should().Equal(Map(("l", Payload)));
    }

    [Fact]
    public async Task Metadata_only_patch_whose_test_fails_is_Invalid()
    {
        var stored = await CreatePayloadAsync("a");
        await RefusedAsync(Refusal.Invalid, stored, () => Partial.PatchAsync("a", Test("/data/k", "other"), Remove("/data/k")));
    }

    [Fact]
    public async Task Metadata_only_watch_sends_no_data_not_even_on_deletion()
    {
        var version = await CurrentVersionAsync();
        var stored = await CreatePayloadAsync("a");
        await DeleteAsync("a");
        using var watch = await Partial.WatchAsync(new WatchQuery(version, Fields: "metadata.name=a"));
        IsMetadataOf(stored, (await watch.NextAsync("ADDED", "a")).Json);
        var deleted = await watch.NextAsync("DELETED", "a");
        HasNoData(deleted.Json);
        deleted.Object.Metadata.Annotations.Should().Equal(stored.Metadata.Annotations);
    }

    [Fact]
    public async Task Metadata_only_watch_reports_a_change_of_data_alone()
    {
        var stored = await CreatePayloadAsync("a");
        using var watch = await Partial.WatchAsync(new WatchQuery(stored.Metadata.ResourceVersion, Fields: "metadata.name=a"));
        var changed = await SetAsync("a", "k", "2");
        (await watch.NextAsync("MODIFIED", "a")).Version.Should().Be(changed.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task Metadata_only_delete_is_answered_with_a_Status_all_the_same()
    {
        var stored = await CreatePayloadAsync("a");
        var answer = await Partial.DeleteAsync("a", $$$"""{"preconditions":{"uid":"{{{stored.Metadata.Uid}}}"}}""");
        answer.Text("kind").Should().Be("Status");
        answer.Text("status").Should().Be("Success");
        await RefusedAsync(Refusal.NotFound, () => GetAsync("a"));
    }

    [Fact]
    public Task Metadata_only_get_of_a_missing_object_is_NotFound() => RefusedAsync(Refusal.NotFound, () => Partial.GetAsync("missing"));

    [Fact]
    public async Task Metadata_only_answers_exist_for_Leases_and_Pods_too()
    {
        foreach (var kind in new[] { ResourceKind.Lease, ResourceKind.Pod })
        {
            await RawOf(kind).CreateAsync("a");
            HasNoData(await (Partial with { Kind = kind }).GetAsync("a"));
        }
    }

    private async Task<V1ConfigMap> CreatePayloadAsync(string name)
    {
        var item = NewConfigMap(name, ("k", Payload));
        (item.Metadata.Labels, item.Metadata.Annotations) = (Map(("app", name)), Map(("note", "n")));
        return await CreateAsync(item with { BinaryData = new Dictionary<string, byte[]> { ["b"] = [1, 2, 3] } });
    }

    private static void HasNoData(JsonObject item)
    {
        item.Text("kind").Should().Be("PartialObjectMetadata");
        item.Text("apiVersion").Should().Be("meta.k8s.io/v1");
        item.Select(member => member.Key).Should().BeEquivalentTo("kind", "apiVersion", "metadata");
        item.ToJsonString().Should().NotContain(Payload);
    }

    private static void IsMetadataOf(V1ConfigMap expected, JsonObject actual)
    {
        HasNoData(actual);
        actual.Text("metadata/name").Should().Be(expected.Metadata.Name);
        actual.Text("metadata/namespace").Should().Be(expected.Metadata.NamespaceProperty);
        actual.Text("metadata/uid").Should().Be(expected.Metadata.Uid);
        actual.Text("metadata/resourceVersion").Should().Be(expected.Metadata.ResourceVersion);
        actual.Text("metadata/labels/app").Should().Be(expected.Metadata.Labels["app"]);
        actual.Text("metadata/annotations/note").Should().Be(expected.Metadata.Annotations["note"]);
    }
}
