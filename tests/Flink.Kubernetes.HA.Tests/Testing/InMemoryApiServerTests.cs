using System.Net;
using k8s;
using k8s.Models;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class InMemoryApiServerTests : InMemoryCluster
{
    [Fact]
    public async Task What_was_created_can_be_read_with_the_fields_of_the_server()
    {
        var created = await CreateAsync(NewMap("a", ("k", "v")));

        var read = await ReadAsync();

        read.Data.Should().Equal(new Dictionary<string, string> { ["k"] = "v" });
        read.Metadata.Should().BeEquivalentTo(new { Name = "a", NamespaceProperty = "default", created.Metadata.Uid, created.Metadata.ResourceVersion });
        read.Metadata.CreationTimestamp.Should().Be(Time.GetUtcNow().UtcDateTime);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused()
    {
        await CreateAsync(NewMap());

        var (status, body) = await AnswerOfAsync(() => CreateAsync(NewMap()));

        status.Should().Be(HttpStatusCode.Conflict);
        body["reason"]!.GetValue<string>().Should().Be("AlreadyExists");
        body["details"]!.ToJsonString().Should().Be("""{"name":"a","kind":"configmaps"}""");
    }

    [Fact]
    public async Task A_generated_name_begins_with_its_prefix()
    {
        var map = await CreateAsync(new V1ConfigMap { Metadata = new V1ObjectMeta { GenerateName = "x-" } });

        map.Metadata.Name.Should().MatchRegex("^x-[a-z0-9]{5}$");
    }

    [Fact]
    public async Task A_failed_test_changes_nothing()
    {
        await CreateAsync(NewMap("a", ("k", "v")));

        (await RefusalOfAsync(() => PatchAsync("""{"op":"replace","path":"/data/k","value":"w"}""", """{"op":"test","path":"/data/k","value":"v"}""")))
            .Should().Be((HttpStatusCode.UnprocessableEntity, "Invalid"));
        (await ReadAsync()).Data["k"].Should().Be("v");
    }

    [Fact]
    public async Task A_refused_patch_is_told_in_the_words_of_the_server()
    {
        await CreateAsync(NewMap());

        var (_, body) = await AnswerOfAsync(() => PatchAsync("""{"op":"test","path":"/data/k","value":"v"}"""));

        ((string)body["message"]!).Should().Be("the server rejected our request due to an error in our request");
    }

    [Fact]
    public async Task A_map_that_has_become_empty_is_gone_so_that_nothing_can_be_added_to_it()
    {
        await CreateAsync(NewMap("a", ("k", "v")));

        (await PatchAsync("""{"op":"remove","path":"/data/k"}""")).Data.Should().BeNull();
        (await RefusalOfAsync(() => PatchAsync("""{"op":"add","path":"/data/k","value":"v"}"""))).Reason.Should().Be("Invalid");
    }

    [Fact]
    public async Task A_patch_of_text_passes_its_test_and_one_that_dotnet_has_escaped_does_not()
    {
        await CreateAsync(NewMap("a", ("k", "<é>")));

        await PatchAsync("""{"op":"test","path":"/data/k","value":"\u003cé\u003e"}""");
        var operations = new[] { new { op = "test", path = "/data/k", value = "<é>" } };
        var refused = () => Client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch(operations, V1Patch.PatchType.JsonPatch), "a", Space, cancellationToken: Cancellation);

        (await RefusalOfAsync(refused)).Reason.Should().Be("Invalid");
    }

    [Fact]
    public async Task Writes_with_an_old_version_conflict_and_without_one_do_not()
    {
        var old = await CreateAsync(NewMap("a", ("k", "v")));
        var patch = $$$"""{"metadata":{"resourceVersion":"{{{old.Metadata.ResourceVersion}}}"},"data":{"k":"w"}}""";
        await MergeAsync(patch);

        (await RefusalOfAsync(() => MergeAsync(patch))).Reason.Should().Be("Conflict");
        (await RefusalOfAsync(() => ReplaceAsync(old))).Reason.Should().Be("Conflict");
        (await ReplaceAsync(NewMap("a", ("k", "x")))).Metadata.Uid.Should().Be(old.Metadata.Uid);
    }

    [Fact]
    public async Task A_replace_of_a_deleted_object_is_not_found_also_by_its_uid()
    {
        var deleted = await CreateAsync(NewMap());
        await DeleteAsync();

        (await RefusalOfAsync(() => ReplaceAsync(deleted))).Should().Be((HttpStatusCode.NotFound, "NotFound"));
        (await RefusalOfAsync(() => ReplaceAsync(NewMap()))).Should().Be((HttpStatusCode.NotFound, "NotFound"));
    }

    [Fact]
    public async Task A_write_that_changes_nothing_is_not_stored()
    {
        var created = await CreateAsync(NewMap("a", ("k", "v")));

        (await PatchAsync("""{"op":"replace","path":"/data/k","value":"v"}""")).Metadata.ResourceVersion.Should().Be(created.Metadata.ResourceVersion);
        (await ReplaceAsync(created)).Metadata.ResourceVersion.Should().Be(created.Metadata.ResourceVersion);
        (await PatchAsync("""{"op":"replace","path":"/data/k","value":"w"}""")).Metadata.ResourceVersion.Should().NotBe(created.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task Deletes_obey_their_preconditions()
    {
        var created = await CreateAsync(NewMap());

        (await RefusalOfAsync(() => DeleteAsync(new V1Preconditions { Uid = "other" }))).Reason.Should().Be("Conflict");
        (await RefusalOfAsync(() => DeleteAsync(new V1Preconditions { Uid = created.Metadata.Uid, ResourceVersion = "1" }))).Reason.Should().Be("Conflict");
        var status = await DeleteAsync(new V1Preconditions { Uid = created.Metadata.Uid, ResourceVersion = created.Metadata.ResourceVersion });
        status.Should().BeEquivalentTo(new { Status = "Success", Details = new { Name = "a", Kind = "configmaps", created.Metadata.Uid } });
        (await RefusalOfAsync(() => DeleteAsync())).Reason.Should().Be("NotFound");
    }

    [Fact]
    public async Task A_collection_is_deleted_as_far_as_its_selector_says()
    {
        await CreateAsync(NewMap());
        await CreateAsync(NewMap("b"));

        using var deleted = await Client.CoreV1.DeleteCollectionNamespacedConfigMapWithHttpMessagesAsync(Space, fieldSelector: "metadata.name!=b", cancellationToken: Cancellation);

        (await NamesAsync()).Should().Equal("b");
        Server.Requests[^2].Verb.Should().Be("deletecollection");
    }

    [Theory]
    [InlineData("""{"data":{"k":"\ud800"}}""", "\uFFFD")]
    [InlineData("""{"data":{"k":"\udc00\ud83d\ude00"}}""", "\uFFFD\U0001F600")]
    [InlineData("""{"data":{"k":"\\ud800"}}""", "\\ud800")]
    [InlineData("""{"data":{"k":"a","k":"b"}}""", "b")]
    public async Task Odd_JSON_is_read_as_the_real_server_reads_it(string patch, string value)
    {
        await CreateAsync(NewMap());

        (await MergeAsync(patch)).Data["k"].Should().Be(value);
    }

    [Fact]
    public async Task Pages_show_the_state_at_the_first_one_until_history_is_compacted()
    {
        foreach (var name in new[] { "b", "a", "d", "c" })
        {
            await CreateAsync(NewMap(name));
        }

        var first = await ListAsync(limit: 2);
        await CreateAsync(NewMap("bb"));
        await Client.CoreV1.DeleteNamespacedConfigMapAsync("c", Space, cancellationToken: Cancellation);
        var second = await ListAsync(limit: 2, first.Metadata.ContinueProperty);

        Names(first).Should().Equal("a", "b");
        Names(second).Should().Equal("c", "d");
        second.Metadata.Should().BeEquivalentTo(new { first.Metadata.ResourceVersion, ContinueProperty = (string?)null });
        Names(await ListAsync()).Should().Equal("a", "b", "bb", "d");
        Server.CompactHistory();
        (await RefusalOfAsync(() => ListAsync(continueParameter: first.Metadata.ContinueProperty))).Should().Be((HttpStatusCode.Gone, "Expired"));

        Task<V1ConfigMapList> ListAsync(int? limit = null, string? continueParameter = null) =>
            Client.CoreV1.ListNamespacedConfigMapAsync(Space, limit: limit, continueParameter: continueParameter, cancellationToken: Cancellation);
        static IEnumerable<string> Names(V1ConfigMapList list) => list.Items.Select(item => item.Metadata.Name);
    }

    [Fact]
    public async Task A_list_can_be_that_of_an_exact_version()
    {
        var first = await CreateAsync(NewMap());
        await CreateAsync(NewMap("b"));

        (await ListAsync()).Items.Select(item => item.Metadata.Name).Should().Equal("a");
        Server.CompactHistory();
        (await RefusalOfAsync(ListAsync)).Reason.Should().Be("Expired");

        Task<V1ConfigMapList> ListAsync() => Client.CoreV1.ListNamespacedConfigMapAsync(
            Space, resourceVersion: first.Metadata.ResourceVersion, resourceVersionMatch: "Exact", cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Only_metadata_is_sent_to_who_asks_for_it()
    {
        var headers = new Dictionary<string, IReadOnlyList<string>> { ["Accept"] = ["application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"] };
        await CreateAsync(NewMap("a", ("k", "v")));

        using var read = await Client.CoreV1.ReadNamespacedConfigMapWithHttpMessagesAsync("a", Space, customHeaders: headers, cancellationToken: Cancellation);
        using var list = await Client.CoreV1.ListNamespacedConfigMapWithHttpMessagesAsync(Space, customHeaders: headers, cancellationToken: Cancellation);
        using var patched = await Client.CoreV1.PatchNamespacedConfigMapWithHttpMessagesAsync(
            new V1Patch("""{"data":{"k":"w"}}""", V1Patch.PatchType.MergePatch), "a", Space, customHeaders: headers, cancellationToken: Cancellation);

        read.Body.Should().BeEquivalentTo(new { Kind = "PartialObjectMetadata", Data = (object?)null, Metadata = new { Name = "a" } });
        list.Body.Should().BeEquivalentTo(new { Kind = "PartialObjectMetadataList", Items = new[] { new { Data = (object?)null } } });
        patched.Body.Data.Should().BeNull();
        (await ReadAsync()).Data["k"].Should().Be("w");
    }

    [Fact]
    public async Task A_denied_request_is_refused_in_the_words_of_RBAC_and_logged()
    {
        Server.Deny("bob", "patch", "leases");
        using var bob = Server.CreateClient("bob");
        var patch = () => bob.CoordinationV1.PatchNamespacedLeaseAsync(new V1Patch("{}", V1Patch.PatchType.MergePatch), "a", Space, cancellationToken: Cancellation);

        var (status, body) = await AnswerOfAsync(patch);

        status.Should().Be(HttpStatusCode.Forbidden);
        ((string)body["message"]!).Should().Be(
            "leases.coordination.k8s.io \"a\" is forbidden: User \"bob\" cannot patch resource \"leases\" in API group \"coordination.k8s.io\" in the namespace \"default\"");
        Server.Requests.Should().ContainSingle().Which.Should().BeEquivalentTo(
            new { User = "bob", Verb = "patch", Resource = "leases.coordination.k8s.io", Name = "a", StatusCode = 403 });
        Server.Allow("bob", "patch", "leases");
        (await RefusalOfAsync(patch)).Reason.Should().Be("NotFound");
    }

    [Fact]
    public async Task A_stopped_server_cannot_be_reached()
    {
        Server.Dispose();

        var exception = (await FluentActions.Awaiting(() => CreateAsync(NewMap())).Should().ThrowAsync<HttpRequestException>()).Which;

        exception.HttpRequestError.Should().Be(HttpRequestError.ConnectionError);
    }

    private Task<V1ConfigMap> ReplaceAsync(V1ConfigMap map) => Client.CoreV1.ReplaceNamespacedConfigMapAsync(map, "a", Space, cancellationToken: Cancellation);

    private Task<V1Status> DeleteAsync(V1Preconditions? preconditions = null) => Client.CoreV1.DeleteNamespacedConfigMapAsync(
        "a", Space, new V1DeleteOptions { Preconditions = preconditions }, cancellationToken: Cancellation);
}
