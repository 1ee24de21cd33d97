using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.Testing;
using Xunit;

namespace Flink.Kubernetes.HA.Tests.Testing;

public sealed class InMemoryApiServerTests : IDisposable
{
    private static readonly ObjectKey Key = new("default", "a");

    private readonly ManualTimeProvider _time = new();
    private readonly InMemoryApiServer _server;
    private readonly IKubeClient _client;

    public InMemoryApiServerTests()
    {
        _server = new InMemoryApiServer(_time);
        _client = _server.CreateClient();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task What_was_created_can_be_read_with_the_servers_own_fields()
    {
        var created = await CreateAsync("a", ("k", "v"));
        var read = await _client.GetAsync(KubeResources.ConfigMaps, Key, Cancellation);
        Assert.Equal("v", read.Data!["k"]);
        Assert.Equal(created.Metadata.ResourceVersion, read.Metadata.ResourceVersion);
        Assert.NotNull(read.Metadata.Uid);
        Assert.Equal(_time.GetUtcNow(), read.Metadata.CreationTimestamp);
        Assert.Equal(KubeFailure.AlreadyExists, await FailureOf(() => CreateAsync("a")));
    }

    [Fact]
    public async Task A_failed_test_changes_nothing_and_a_test_for_null_passes_on_what_is_absent()
    {
        await CreateAsync("a", ("k", "v"));
        Assert.Equal(KubeFailure.Invalid, await FailureOf(() => PatchAsync(JsonPatchOperation.Replace("/data/k", "w"), JsonPatchOperation.Test("/data/k", "v"))));
        Assert.Equal(KubeFailure.Invalid, await FailureOf(() => PatchAsync(JsonPatchOperation.Test("/data/k", null))));
        Assert.Equal(KubeFailure.Invalid, await FailureOf(() => PatchAsync(JsonPatchOperation.Test("/binaryData/k", null))));
        var patched = await PatchAsync(JsonPatchOperation.Test("/data/n", null), JsonPatchOperation.Add("/data/n", "new"));
        Assert.Equal(("v", "new"), (patched.Data!["k"], patched.Data["n"]));
    }

    [Fact]
    public async Task A_merge_patch_with_an_old_version_conflicts()
    {
        var created = await CreateAsync("a", ("k", "v"));
        var patch = KubePatch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = created.Metadata.ResourceVersion }, ["data"] = new JsonObject { ["k"] = "w" } });
        await _client.PatchAsync(KubeResources.ConfigMaps, Key, patch, Cancellation);
        Assert.Equal(KubeFailure.Conflict, await FailureOf(() => _client.PatchAsync(KubeResources.ConfigMaps, Key, patch, Cancellation)));
    }

    [Fact]
    public async Task A_watch_sees_what_exists_then_what_happens()
    {
        await CreateAsync("a", ("k", "v"));
        await using var watch = _client.WatchAsync(KubeResources.ConfigMaps.MetadataOnly, "default", cancellationToken: Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal((WatchEventType.Added, "a"), (watch.Current.Type, watch.Current.Object.Metadata.Name));
        await PatchAsync(JsonPatchOperation.Add("/data/k", "w"));
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(WatchEventType.Modified, watch.Current.Type);
        await PatchAsync(JsonPatchOperation.Add("/data/k", "w"));
        await _client.DeleteAsync(KubeResources.ConfigMaps, Key, cancellationToken: Cancellation);
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(WatchEventType.Deleted, watch.Current.Type);
        Assert.Equal(1, _server.OpenWatches);
    }

    private Task<ConfigMap> CreateAsync(string name, params (string Key, string Value)[] data) => _client.CreateAsync(
        KubeResources.ConfigMaps,
        new ConfigMap { Metadata = new ObjectMeta { Name = name, Namespace = "default" }, Data = data.ToDictionary(d => d.Key, d => d.Value) },
        Cancellation);

    private Task<ConfigMap> PatchAsync(params JsonPatchOperation[] operations) =>
        _client.PatchAsync(KubeResources.ConfigMaps, Key, KubePatch.Json(operations), Cancellation);

    private static async Task<KubeFailure> FailureOf(Func<Task> action) => (await Assert.ThrowsAsync<KubeClientException>(action)).Failure;
}
