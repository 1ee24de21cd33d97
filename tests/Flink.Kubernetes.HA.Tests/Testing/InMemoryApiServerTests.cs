using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class InMemoryApiServerTests : InMemoryCluster
{
    [Fact]
    public async Task What_was_created_can_be_read_with_the_servers_own_fields()
    {
        var created = await CreateAsync(NewMap("a", ("k", "v")));
        var read = await Client.GetAsync(KubeResources.ConfigMaps, Key, Cancellation);
        Assert.Equal("v", read.Data!["k"]);
        Assert.Equal(created.Metadata.ResourceVersion, read.Metadata.ResourceVersion);
        Assert.NotNull(read.Metadata.Uid);
        Assert.Equal(Time.GetUtcNow(), read.Metadata.CreationTimestamp);
        var again = await FailureOfAsync(() => CreateAsync(NewMap()));
        Assert.Equal((KubeFailure.AlreadyExists, 409, "create", "configmaps"), (again.Failure, (int)again.StatusCode!, again.Verb, again.Resource));
    }

    [Fact]
    public async Task A_generated_name_begins_with_its_prefix()
    {
        var map = await CreateAsync(NewMap(null) with { Metadata = new ObjectMeta { Namespace = "default", OtherFields = new Dictionary<string, System.Text.Json.JsonElement> { ["generateName"] = System.Text.Json.JsonDocument.Parse("\"x-\"").RootElement } } });
        Assert.Matches("^x-[a-z0-9]{5}$", map.Metadata.Name);
    }

    [Fact]
    public async Task A_failed_test_changes_nothing_and_a_test_for_null_passes_on_what_is_absent()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Replace("/data/k", "w"), JsonPatchOperation.Test("/data/k", "v")))).Failure);
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Test("/data/k", null)))).Failure);
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Test("/binaryData/k", null)))).Failure);
        var patched = await PatchAsync(JsonPatchOperation.Test("/data/n", null), JsonPatchOperation.Add("/data/n", "new"));
        Assert.Equal(("v", "new"), (patched.Data!["k"], patched.Data["n"]));
    }

    [Fact]
    public async Task A_map_that_has_become_empty_is_gone_so_that_nothing_can_be_added_to_it()
    {
        await CreateAsync(NewMap("a", ("k", "v")));
        Assert.Null((await PatchAsync(JsonPatchOperation.Remove("/data/k"))).Data);
        Assert.Equal(KubeFailure.Invalid, (await FailureOfAsync(() => PatchAsync(JsonPatchOperation.Add("/data/k", "v")))).Failure);
    }

    [Fact]
    public async Task Writes_with_an_old_version_conflict_and_without_one_do_not()
    {
        var old = await CreateAsync(NewMap("a", ("k", "v")));
        var patch = KubePatch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = old.Metadata.ResourceVersion }, ["data"] = new JsonObject { ["k"] = "w" } });
        await Client.PatchAsync(KubeResources.ConfigMaps, Key, patch, Cancellation);
        Assert.Equal(KubeFailure.Conflict, (await FailureOfAsync(() => Client.PatchAsync(KubeResources.ConfigMaps, Key, patch, Cancellation))).Failure);
        Assert.Equal(KubeFailure.Conflict, (await FailureOfAsync(() => Client.ReplaceAsync(KubeResources.ConfigMaps, old, Cancellation))).Failure);
        var replaced = await Client.ReplaceAsync(KubeResources.ConfigMaps, NewMap("a", ("k", "x")), Cancellation);
        Assert.Equal(("x", old.Metadata.Uid), (replaced.Data!["k"], replaced.Metadata.Uid));
        Assert.Equal(KubeFailure.NotFound, (await FailureOfAsync(() => Client.ReplaceAsync(KubeResources.ConfigMaps, NewMap("b"), Cancellation))).Failure);
    }

    [Fact]
    public async Task A_write_that_changes_nothing_is_not_stored()
    {
        var created = await CreateAsync(NewMap("a", ("k", "v")));
        Assert.Equal(created.Metadata.ResourceVersion, (await PatchAsync(JsonPatchOperation.Replace("/data/k", "v"))).Metadata.ResourceVersion);
        Assert.Equal(created.Metadata.ResourceVersion, (await Client.ReplaceAsync(KubeResources.ConfigMaps, created, Cancellation)).Metadata.ResourceVersion);
        Assert.NotEqual(created.Metadata.ResourceVersion, (await PatchAsync(JsonPatchOperation.Replace("/data/k", "w"))).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task Deletes_obey_their_preconditions()
    {
        var created = await CreateAsync(NewMap());
        Assert.Equal(KubeFailure.Conflict, (await FailureOfAsync(() => DeleteAsync(new DeletePreconditions(Uid: "other")))).Failure);
        Assert.Equal(KubeFailure.Conflict, (await FailureOfAsync(() => DeleteAsync(new DeletePreconditions(created.Metadata.Uid, "1")))).Failure);
        await DeleteAsync(new DeletePreconditions(created.Metadata.Uid, created.Metadata.ResourceVersion));
        Assert.Equal(KubeFailure.NotFound, (await FailureOfAsync(() => DeleteAsync(null))).Failure);

        Task DeleteAsync(DeletePreconditions? preconditions) => Client.DeleteAsync(KubeResources.ConfigMaps, Key, preconditions, Cancellation);
    }

    [Fact]
    public async Task Pages_show_the_state_at_the_first_one_until_history_is_compacted()
    {
        foreach (var name in new[] { "b", "a", "d", "c" })
        {
            await CreateAsync(NewMap(name));
        }

        var first = await ListAsync(new ListOptions { Limit = 2 });
        Assert.Equal(["a", "b"], Names(first));
        await CreateAsync(NewMap("bb"));
        await Client.DeleteAsync(KubeResources.ConfigMaps, new ObjectKey("default", "c"), cancellationToken: Cancellation);
        var second = await ListAsync(new ListOptions { Limit = 2, Continue = first.Continue });
        Assert.Equal(["c", "d"], Names(second));
        Assert.Equal((first.ResourceVersion, null), (second.ResourceVersion, second.Continue));
        Assert.Equal(["a", "b", "bb", "d"], Names(await ListAsync(new ListOptions())));
        Server.CompactHistory();
        Assert.Equal(KubeFailure.Gone, (await FailureOfAsync(() => ListAsync(new ListOptions { Continue = first.Continue }))).Failure);

        Task<KubeList<ConfigMap>> ListAsync(ListOptions options) => Client.ListAsync(KubeResources.ConfigMaps, "default", options, Cancellation);
        static IEnumerable<string?> Names(KubeList<ConfigMap> list) => list.Items.Select(i => i.Metadata.Name);
    }

    [Fact]
    public async Task A_denied_request_is_refused_in_the_words_of_RBAC_and_logged()
    {
        Server.Deny("bob", "patch", "leases");
        await using var bob = Server.CreateClient("bob");
        var refused = await FailureOfAsync(() => bob.PatchAsync(KubeResources.Leases, Key, KubePatch.Merge([]), Cancellation));
        Assert.Equal(KubeFailure.Forbidden, refused.Failure);
        Assert.Contains("leases.coordination.k8s.io \"a\" is forbidden: User \"bob\" cannot patch resource \"leases\" in API group \"coordination.k8s.io\" in the namespace \"default\"", refused.Message, StringComparison.Ordinal);
        Assert.Equal(("bob", "patch", "leases.coordination.k8s.io", "a", 403), Server.Requests.Select(r => (r.User, r.Verb, r.Resource, r.Name, r.StatusCode)).Single());
        Server.Allow("bob", "patch", "leases");
        Assert.Equal(KubeFailure.NotFound, (await FailureOfAsync(() => bob.PatchAsync(KubeResources.Leases, Key, KubePatch.Merge([]), Cancellation))).Failure);
    }

    [Fact]
    public async Task A_stopped_server_cannot_be_reached()
    {
        Server.Dispose();
        var failure = await FailureOfAsync(() => CreateAsync(NewMap()));
        Assert.Equal((KubeFailure.Unavailable, false, null), (failure.Failure, failure.IsOutcomeUnknown, failure.StatusCode));
    }
}
