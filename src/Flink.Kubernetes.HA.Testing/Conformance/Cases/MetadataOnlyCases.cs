using System.Text.Json;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

/// <summary>Answers that carry metadata only: 1 MB of pointers must not travel with a heartbeat.</summary>
internal static class MetadataOnlyCases
{
    private const string Payload = "payload-that-must-not-travel";

    private static readonly KubeResource<PartialObjectMetadata> Partial = KubeResources.ConfigMaps.MetadataOnly;

    internal static IEnumerable<ConformanceCase> All =>
    [
        new("metadata only: get has all metadata and no data", GetHasNoData),
        new("metadata only: list has no data, and selectors and paging work", ListHasNoData),
        new("metadata only: a patch changes data and does not answer with it", APatchDoesNotAnswerWithData),
        new("metadata only: a patch whose test fails is Invalid", AFailedTestIsInvalid),
        new("metadata only: a watch sends no data, also on deletion", AWatchSendsNoData),
        new("metadata only: a change of data alone is an event with a new version", AChangeOfDataIsAnEvent),
        new("metadata only: a delete needs no data either", ADeleteWorks),
        new("metadata only: a missing object is NotFound", AMissingObjectIsNotFound),
        new("metadata only: Leases and Pods have it too", LeasesAndPodsHaveItToo),
    ];

    private static async Task<ConfigMap> CreateAsync(ConformanceRun run, string name)
    {
        var item = run.NewConfigMap(name, ("k", Payload));
        var meta = item.Metadata with { Labels = ConformanceRun.Map(("app", name)), Annotations = ConformanceRun.Map(("note", "n")) };
        return await run.CreateAsync(item with { Metadata = meta, BinaryData = new Dictionary<string, byte[]> { ["b"] = [1, 2, 3] } }).ConfigureAwait(false);
    }

    private static void HasNoData(PartialObjectMetadata item)
    {
        var json = JsonSerializer.Serialize(item, Partial.JsonTypeInfo);
        Check.True(!json.Contains(Payload, StringComparison.Ordinal), "the answer carries no data");
        Check.True(item.OtherFields is null || !item.OtherFields.Keys.Any(k => k is "data" or "binaryData" or "spec"), "the answer has metadata only");
    }

    private static void IsMetadataOf(ConfigMap expected, PartialObjectMetadata actual)
    {
        HasNoData(actual);
        Check.Equal(expected.Metadata.Name, actual.Metadata.Name, "metadata.name");
        Check.Equal(expected.Metadata.Namespace, actual.Metadata.Namespace, "metadata.namespace");
        Check.Equal(expected.Metadata.Uid, actual.Metadata.Uid, "metadata.uid");
        Check.Equal(expected.Metadata.ResourceVersion, actual.Metadata.ResourceVersion, "metadata.resourceVersion");
        Check.SameEntries(expected.Metadata.Labels, actual.Metadata.Labels, "the labels");
        Check.SameEntries(expected.Metadata.Annotations, actual.Metadata.Annotations, "the annotations");
    }

    private static async Task GetHasNoData(ConformanceRun run)
    {
        var stored = await CreateAsync(run, "a").ConfigureAwait(false);
        IsMetadataOf(stored, await run.Client.GetAsync(Partial, run.Key("a"), run.Token).ConfigureAwait(false));
    }

    private static async Task ListHasNoData(ConformanceRun run)
    {
        var stored = await CreateAsync(run, "a").ConfigureAwait(false);
        await CreateAsync(run, "b").ConfigureAwait(false);
        var list = await run.Client.ListAsync(Partial, run.Namespace, new ListOptions { LabelSelector = "app=a" }, run.Token).ConfigureAwait(false);
        Check.Equal(1, list.Items.Count, "the number of items");
        Check.NotEmpty(list.ResourceVersion, "the list's resourceVersion");
        IsMetadataOf(stored, list.Items[0]);
        var page = await run.Client.ListAsync(Partial, run.Namespace, new ListOptions { LabelSelector = "app", Limit = 1 }, run.Token).ConfigureAwait(false);
        page = await run.Client.ListAsync(Partial, run.Namespace, new ListOptions { LabelSelector = "app", Limit = 1, Continue = page.Continue }, run.Token).ConfigureAwait(false);
        Check.Sequence(["b"], page.Items.Select(i => i.Metadata.Name), "the names of the second page");
    }

    private static async Task APatchDoesNotAnswerWithData(ConformanceRun run)
    {
        var stored = await CreateAsync(run, "a").ConfigureAwait(false);
        var patch = KubePatch.Json(
            JsonPatchOperation.Test("/data/k", Payload),
            JsonPatchOperation.Add("/data/l", Payload),
            JsonPatchOperation.Replace("/metadata/annotations/note", "m"));
        var answer = await run.Client.PatchAsync(Partial, run.Key("a"), patch, run.Token).ConfigureAwait(false);
        HasNoData(answer);
        Check.NotEqual(stored.Metadata.ResourceVersion, answer.Metadata.ResourceVersion, "the resourceVersion after a patch");
        Check.Equal("m", answer.Metadata.Annotations?.GetValueOrDefault("note"), "the annotation in the answer");
        answer = await run.Client.PatchAsync(Partial, run.Key("a"), KubePatch.Merge(new() { ["data"] = new JsonObject { ["k"] = null } }), run.Token).ConfigureAwait(false);
        HasNoData(answer);
        Check.SameEntries(ConformanceRun.Map(("l", Payload)), (await run.GetAsync("a").ConfigureAwait(false)).Data, "the data as stored");
    }

    private static async Task AFailedTestIsInvalid(ConformanceRun run)
    {
        var stored = await CreateAsync(run, "a").ConfigureAwait(false);
        var patch = KubePatch.Json(JsonPatchOperation.Test("/data/k", "other"), JsonPatchOperation.Remove("/data/k"));
        await Check.FailsAsync(KubeFailure.Invalid, () => run.Client.PatchAsync(Partial, run.Key("a"), patch, run.Token), "a patch whose test fails").ConfigureAwait(false);
        await run.UnchangedAsync(stored).ConfigureAwait(false);
    }

    private static async Task AWatchSendsNoData(ConformanceRun run)
    {
        var version = await run.CurrentVersionAsync().ConfigureAwait(false);
        var stored = await CreateAsync(run, "a").ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        var reader = run.Watch(Partial, new WatchOptions { ResourceVersion = version, FieldSelector = "metadata.name=a" });
        await using (reader.ConfigureAwait(false))
        {
            IsMetadataOf(stored, (await reader.NextAsync(WatchEventType.Added, "a").ConfigureAwait(false)).Object);
            var deleted = await reader.NextAsync(WatchEventType.Deleted, "a").ConfigureAwait(false);
            HasNoData(deleted.Object);
            Check.SameEntries(stored.Metadata.Annotations, deleted.Object.Metadata.Annotations, "the annotations in the last state");
        }
    }

    private static async Task AChangeOfDataIsAnEvent(ConformanceRun run)
    {
        var stored = await CreateAsync(run, "a").ConfigureAwait(false);
        var reader = run.Watch(Partial, new WatchOptions { ResourceVersion = stored.Metadata.ResourceVersion, FieldSelector = "metadata.name=a" });
        await using (reader.ConfigureAwait(false))
        {
            var changed = await run.SetAsync("a", "k", "2").ConfigureAwait(false);
            var seen = await reader.NextAsync(WatchEventType.Modified, "a").ConfigureAwait(false);
            Check.Equal(changed.Metadata.ResourceVersion, seen.Object.Metadata.ResourceVersion, "the event's resourceVersion");
        }
    }

    private static async Task ADeleteWorks(ConformanceRun run)
    {
        var stored = await CreateAsync(run, "a").ConfigureAwait(false);
        await run.Client.DeleteAsync(Partial, run.Key("a"), new DeletePreconditions(stored.Metadata.Uid), run.Token).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.NotFound, () => run.GetAsync("a"), "get after delete").ConfigureAwait(false);
    }

    private static Task AMissingObjectIsNotFound(ConformanceRun run) =>
        Check.FailsAsync(KubeFailure.NotFound, () => run.Client.GetAsync(Partial, run.Key("missing"), run.Token), "get of a missing object's metadata");

    private static async Task LeasesAndPodsHaveItToo(ConformanceRun run)
    {
        await run.Client.CreateAsync(KubeResources.Leases, new Lease { Metadata = new() { Name = "a", Namespace = run.Namespace }, Spec = new() { HolderIdentity = Payload } }, run.Token).ConfigureAwait(false);
        HasNoData(await run.Client.GetAsync(KubeResources.Leases.MetadataOnly, run.Key("a"), run.Token).ConfigureAwait(false));
        await Check.FailsAsync(KubeFailure.NotFound, () => run.Client.GetAsync(KubeResources.Pods.MetadataOnly, run.Key("a"), run.Token), "get of a missing pod's metadata").ConfigureAwait(false);
    }
}
