using System.Text.Json.Nodes;

namespace Flink.Kubernetes.HA.TestInfrastructure.ApiServerSuite;

/// <summary>All that holds for each server; a subclass says on which server it is tried.</summary>
public abstract partial class ApiServerSuiteTests : ApiServerTests
{
    public static TheoryData<string> Kinds => [ResourceKind.ConfigMap.Kind, ResourceKind.Lease.Kind, ResourceKind.Pod.Kind];

    private RawRequests RawOf(string kind) => RawOf(ResourceKind.Of(kind));

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_create_answers_with_the_stored_object(string kind)
    {
        var created = await RawOf(kind).CreateAsync("a");
        created.Text("kind").Should().Be(kind);
        created.Text("apiVersion").Should().Be(ResourceKind.Of(kind).ApiVersion);
        created.Text("metadata/name").Should().Be("a");
        created.Text("metadata/namespace").Should().Be(Namespace);
        created.Text("metadata/uid").Should().NotBeNullOrEmpty();
        created.Text("metadata/resourceVersion").Should().NotBeNullOrEmpty();
        created.Text("metadata/creationTimestamp").Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$");
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_get_answers_with_what_was_created(string kind)
    {
        var created = await RawOf(kind).CreateAsync("a");
        var read = await RawOf(kind).GetAsync("a");
        JsonNode.DeepEquals(created, read).Should().BeTrue("get answered {0} after {1}", read, created);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_get_of_a_missing_one_is_NotFound_and_says_what_was_asked(string kind)
    {
        var refusal = await RefusedAsync(Refusal.NotFound, () => RawOf(kind).GetAsync("missing"));
        refusal.Details.Text("name").Should().Be("missing");
        refusal.Details.Text("kind").Should().Be(ResourceKind.Of(kind).Plural);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_a_second_create_under_the_name_is_AlreadyExists(string kind)
    {
        var created = await RawOf(kind).CreateAsync("a");
        await RefusedAsync(Refusal.AlreadyExists, () => RawOf(kind).CreateAsync("a"));
        (await RawOf(kind).GetAsync("a")).Text("metadata/resourceVersion").Should().Be(created.Text("metadata/resourceVersion"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_list_finds_it_by_its_label(string kind)
    {
        var created = await RawOf(kind).CreateAsync("a");
        await RawOf(kind).CreateAsync("b");
        var list = await RawOf(kind).ListAsync(new ListQuery(Labels: "app=a"));
        list.Text("kind").Should().Be($"{kind}List");
        list["items"]!.AsArray().Select(i => i.Text("metadata/resourceVersion")).Should().Equal(created.Text("metadata/resourceVersion"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_replace_with_the_read_version_succeeds_and_with_an_older_one_conflicts(string kind)
    {
        var raw = RawOf(kind);
        var item = await raw.CreateAsync("a");
        item["metadata"]!["labels"] = Texts(("step", "1"));
        var replaced = await raw.ReplaceAsync(item);
        replaced.Text("metadata/resourceVersion").Should().NotBe(item.Text("metadata/resourceVersion"));
        replaced.Text("metadata/uid").Should().Be(item.Text("metadata/uid"));
        replaced.At("metadata/labels")!.ToJsonString().Should().Be("""{"step":"1"}""");

        item["metadata"]!["labels"] = Texts(("step", "2"));
        await RefusedAsync(Refusal.Conflict, () => raw.ReplaceAsync(item));
        (await raw.GetAsync("a")).Text("metadata/resourceVersion").Should().Be(replaced.Text("metadata/resourceVersion"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_fields_that_this_library_does_not_know_survive(string kind)
    {
        const string Owners = """[{"apiVersion":"v1","kind":"Node","name":"n","uid":"0f4f0f2c-6f5d-4b9b-9a3e-0d6f0a4b6c01"}]""";
        var item = ResourceKind.Of(kind).New("a");
        item["metadata"]!["ownerReferences"] = JsonNode.Parse(Owners);
        item = await RawOf(kind).CreateAsync(item);
        item["metadata"]!["labels"] = Texts(("x", "y"));
        var replaced = await RawOf(kind).ReplaceAsync(item);
        var patched = await RawOf(kind).PatchAsync("a", Add("/metadata/labels/x", "z"));
        foreach (var changed in new[] { replaced, patched })
        {
            changed.At("metadata/ownerReferences")!.ToJsonString().Should().Be(Owners);
            JsonNode.DeepEquals(changed["spec"], item["spec"]).Should().BeTrue("the spec is now {0}", changed["spec"]);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_a_merge_patch_and_a_JSON_Patch_change_it(string kind)
    {
        var created = await RawOf(kind).CreateAsync("a");
        var merged = await RawOf(kind).MergeAsync("a", """{"metadata":{"labels":{"step":"1"}}}""");
        merged.At("metadata/labels")!.ToJsonString().Should().Be("""{"app":"a","step":"1"}""");
        var patched = await RawOf(kind).PatchAsync("a", Test("/metadata/labels/step", "1"), Replace("/metadata/labels/step", "2"));
        patched.At("metadata/labels")!.ToJsonString().Should().Be("""{"app":"a","step":"2"}""");
        new[] { created, merged, patched }.Select(o => o.Text("metadata/resourceVersion")).Should().OnlyHaveUniqueItems();
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_a_deleted_one_is_gone(string kind)
    {
        await RawOf(kind).CreateAsync("a");
        await RawOf(kind).DeleteAsync("a");
        await RefusedAsync(Refusal.NotFound, () => RawOf(kind).GetAsync("a"));
        await RefusedAsync(Refusal.NotFound, () => RawOf(kind).DeleteAsync("a"));
        await RefusedAsync(Refusal.NotFound, () => RawOf(kind).PatchAsync("a", Test("/metadata/labels/app", "other")));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_one_that_was_created_again_is_another_object(string kind)
    {
        var first = await RawOf(kind).CreateAsync("a");
        await RawOf(kind).DeleteAsync("a");
        var second = await RawOf(kind).CreateAsync("a");
        second.Text("metadata/uid").Should().NotBe(first.Text("metadata/uid"));
        second.Text("metadata/resourceVersion").Should().NotBe(first.Text("metadata/resourceVersion"));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Of_each_kind_a_watch_reports_creation_change_and_deletion(string kind)
    {
        var raw = RawOf(kind);
        var version = (await raw.ListAsync()).Text("metadata/resourceVersion");
        await raw.CreateAsync("a");
        var changed = await raw.MergeAsync("a", """{"metadata":{"labels":{"step":"1"}}}""");
        using var watch = await raw.WatchAsync(new WatchQuery(version));
        (await watch.NextAsync("ADDED", "a")).Json.Text("kind").Should().Be(kind);
        (await watch.NextAsync("MODIFIED", "a")).Version.Should().Be(changed.Text("metadata/resourceVersion"));
        await raw.DeleteAsync("a");

        // A real server marks some kinds with a deletionTimestamp first: one more change, then the deletion.
        var last = await watch.NextAsync();
        last = last.Type == "MODIFIED" ? await watch.NextAsync() : last;
        last.Type.Should().Be("DELETED");
        last.Json.Text("metadata/labels/step").Should().Be("1", "the event carries the last state");
    }
}
