using System.Text.Json;
using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

/// <summary>What holds for every kind of object.</summary>
internal static class KindCases
{
    private static readonly JsonElement PodSpec = JsonSerializer.SerializeToElement(
        new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "main", ["image"] = "none" }) },
        ConformanceJsonContext.Default.JsonObject);

    internal static IEnumerable<ConformanceCase> All =>
    [
        .. Of(KubeResources.ConfigMaps, meta => new ConfigMap { Metadata = meta, Data = ConformanceRun.Map(("k", "v")) }),
        .. Of(KubeResources.Leases, meta => new Lease { Metadata = meta, Spec = new LeaseSpec { HolderIdentity = "me", LeaseDurationSeconds = 15 } }),
        .. Of(KubeResources.Pods, meta => new Pod { Metadata = meta, OtherFields = new Dictionary<string, JsonElement> { ["spec"] = PodSpec } }),
    ];

    private static ConformanceCase[] Of<T>(KubeResource<T> resource, Func<ObjectMeta, T> make)
        where T : KubeObject
    {
        var kind = new Kind<T>(resource, make);
        return
        [
            new($"{resource.Kind}: create answers with the stored object", kind.CreateAnswersWithTheStoredObject),
            new($"{resource.Kind}: get answers with what was created", kind.GetAnswersWithWhatWasCreated),
            new($"{resource.Kind}: get of a missing one is NotFound and says what was asked", kind.GetOfAMissingOneIsNotFound),
            new($"{resource.Kind}: a second create under the name is AlreadyExists", kind.ASecondCreateIsAlreadyExists),
            new($"{resource.Kind}: list finds it by its label", kind.ListFindsItByItsLabel),
            new($"{resource.Kind}: replace with the read version succeeds, with an older one conflicts", kind.ReplaceIsOptimistic),
            new($"{resource.Kind}: unknown fields survive a round trip", kind.UnknownFieldsSurviveARoundTrip),
            new($"{resource.Kind}: a JSON Patch and a merge patch change it", kind.PatchesChangeIt),
            new($"{resource.Kind}: a deleted one is gone", kind.ADeletedOneIsGone),
            new($"{resource.Kind}: created anew it is another object", kind.CreatedAnewItIsAnotherObject),
            new($"{resource.Kind}: a watch tells of creation, change and deletion", kind.AWatchTellsOfEverything),
        ];
    }

    private sealed class Kind<T>(KubeResource<T> resource, Func<ObjectMeta, T> make)
        where T : KubeObject
    {
        private Task<T> CreateAsync(ConformanceRun run, string name) =>
            run.Client.CreateAsync(resource, make(new ObjectMeta { Name = name, Namespace = run.Namespace, Labels = ConformanceRun.Map(("app", name)) }), run.Token);

        private static KubePatch Label(string value) =>
            KubePatch.Merge(new() { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["step"] = value } } });

        internal async Task CreateAnswersWithTheStoredObject(ConformanceRun run)
        {
            var created = await CreateAsync(run, "a").ConfigureAwait(false);
            Check.Equal(resource.Kind, created.Kind, "kind");
            Check.Equal(resource.ApiVersion, created.ApiVersion, "apiVersion");
            Check.Equal("a", created.Metadata.Name, "metadata.name");
            Check.Equal(run.Namespace, created.Metadata.Namespace, "metadata.namespace");
            Check.NotEmpty(created.Metadata.Uid, "metadata.uid");
            Check.NotEmpty(created.Metadata.ResourceVersion, "metadata.resourceVersion");
            Check.True(created.Metadata.CreationTimestamp is not null, "metadata.creationTimestamp is set");
        }

        internal async Task GetAnswersWithWhatWasCreated(ConformanceRun run)
        {
            var created = await CreateAsync(run, "a").ConfigureAwait(false);
            var read = await run.Client.GetAsync(resource, run.Key("a"), run.Token).ConfigureAwait(false);
            Check.Equal(Json(created), Json(read), "what get answers");
        }

        internal async Task GetOfAMissingOneIsNotFound(ConformanceRun run)
        {
            var failure = await Check.FailsAsync(KubeFailure.NotFound, () => run.Client.GetAsync(resource, run.Key("missing"), run.Token), "get of a missing object").ConfigureAwait(false);
            Check.Equal(System.Net.HttpStatusCode.NotFound, failure.StatusCode, "StatusCode");
            Check.Equal("NotFound", failure.Reason, "Reason");
            Check.Equal("get", failure.Verb, "Verb");
            Check.Equal(resource.ToString(), failure.Resource, "Resource");
            Check.Equal(run.Namespace, failure.Namespace, "Namespace");
            Check.Equal("missing", failure.ObjectName, "ObjectName");
        }

        internal async Task ASecondCreateIsAlreadyExists(ConformanceRun run)
        {
            var created = await CreateAsync(run, "a").ConfigureAwait(false);
            var failure = await Check.FailsAsync(KubeFailure.AlreadyExists, () => CreateAsync(run, "a"), "the second create").ConfigureAwait(false);
            Check.Equal(System.Net.HttpStatusCode.Conflict, failure.StatusCode, "StatusCode");
            Check.Equal("create", failure.Verb, "Verb");
            var read = await run.Client.GetAsync(resource, run.Key("a"), run.Token).ConfigureAwait(false);
            Check.Equal(created.Metadata.ResourceVersion, read.Metadata.ResourceVersion, "the first one's resourceVersion");
        }

        internal async Task ListFindsItByItsLabel(ConformanceRun run)
        {
            var created = await CreateAsync(run, "a").ConfigureAwait(false);
            await CreateAsync(run, "b").ConfigureAwait(false);
            var list = await run.Client.ListAsync(resource, run.Namespace, new ListOptions { LabelSelector = "app=a" }, run.Token).ConfigureAwait(false);
            Check.Sequence(["a"], list.Items.Select(i => i.Metadata.Name), "the names found");
            Check.Equal(created.Metadata.ResourceVersion, list.Items[0].Metadata.ResourceVersion, "the item's resourceVersion");
        }

        internal async Task ReplaceIsOptimistic(ConformanceRun run)
        {
            var first = await CreateAsync(run, "a").ConfigureAwait(false);
            T Labelled(string value) => first with { Metadata = first.Metadata with { Labels = ConformanceRun.Map(("step", value)) } };
            var second = await run.Client.ReplaceAsync(resource, Labelled("1"), run.Token).ConfigureAwait(false);
            Check.NotEqual(first.Metadata.ResourceVersion, second.Metadata.ResourceVersion, "the resourceVersion after a replace");
            Check.Equal(first.Metadata.Uid, second.Metadata.Uid, "the uid after a replace");
            Check.SameEntries(ConformanceRun.Map(("step", "1")), second.Metadata.Labels, "the labels after a replace");

            var failure = await Check.FailsAsync(KubeFailure.Conflict, () => run.Client.ReplaceAsync(resource, Labelled("2"), run.Token), "replace with an older resourceVersion").ConfigureAwait(false);
            Check.Equal(System.Net.HttpStatusCode.Conflict, failure.StatusCode, "StatusCode");
            Check.Equal("update", failure.Verb, "Verb");
            var read = await run.Client.GetAsync(resource, run.Key("a"), run.Token).ConfigureAwait(false);
            Check.Equal(second.Metadata.ResourceVersion, read.Metadata.ResourceVersion, "the resourceVersion after a refused replace");
        }

        internal async Task UnknownFieldsSurviveARoundTrip(ConformanceRun run)
        {
            using var owners = JsonDocument.Parse("""[{"apiVersion":"v1","kind":"Node","name":"n","uid":"0f4f0f2c-6f5d-4b9b-9a3e-0d6f0a4b6c01"}]""");
            var meta = new ObjectMeta
            {
                Name = "a",
                Namespace = run.Namespace,
                OtherFields = new Dictionary<string, JsonElement> { ["ownerReferences"] = owners.RootElement.Clone() },
            };
            await run.Client.CreateAsync(resource, make(meta), run.Token).ConfigureAwait(false);
            var read = await run.Client.GetAsync(resource, run.Key("a"), run.Token).ConfigureAwait(false);
            var changed = await run.Client.ReplaceAsync(
                resource,
                read with { Metadata = read.Metadata with { Labels = ConformanceRun.Map(("x", "y")) } },
                run.Token).ConfigureAwait(false);
            Check.True(
                changed.Metadata.OtherFields?.TryGetValue("ownerReferences", out var kept) is true && kept.GetArrayLength() == 1 && kept[0].GetProperty("name").GetString() == "n",
                "metadata.ownerReferences survives read and replace");
            if (read.OtherFields?.TryGetValue("spec", out var spec) is true)
            {
                Check.Equal(spec.ToString(), changed.OtherFields?["spec"].ToString(), "spec after read and replace");
            }
        }

        internal async Task PatchesChangeIt(ConformanceRun run)
        {
            var created = await CreateAsync(run, "a").ConfigureAwait(false);
            var merged = await run.Client.PatchAsync(resource, run.Key("a"), Label("1"), run.Token).ConfigureAwait(false);
            Check.SameEntries(ConformanceRun.Map(("app", "a"), ("step", "1")), merged.Metadata.Labels, "the labels after a merge patch");
            var patch = KubePatch.Json(JsonPatchOperation.Test("/metadata/labels/step", "1"), JsonPatchOperation.Replace("/metadata/labels/step", "2"));
            var patched = await run.Client.PatchAsync(resource, run.Key("a"), patch, run.Token).ConfigureAwait(false);
            Check.SameEntries(ConformanceRun.Map(("app", "a"), ("step", "2")), patched.Metadata.Labels, "the labels after a JSON Patch");
            Check.Equal(3, new[] { created, merged, patched }.Select(o => o.Metadata.ResourceVersion).Distinct().Count(), "the number of resourceVersions");
        }

        internal async Task ADeletedOneIsGone(ConformanceRun run)
        {
            await CreateAsync(run, "a").ConfigureAwait(false);
            await run.Client.DeleteAsync(resource, run.Key("a"), cancellationToken: run.Token).ConfigureAwait(false);
            await Check.FailsAsync(KubeFailure.NotFound, () => run.Client.GetAsync(resource, run.Key("a"), run.Token), "get after delete").ConfigureAwait(false);
            var failure = await Check.FailsAsync(KubeFailure.NotFound, () => run.Client.DeleteAsync(resource, run.Key("a"), cancellationToken: run.Token), "a second delete").ConfigureAwait(false);
            Check.Equal("delete", failure.Verb, "Verb");
        }

        internal async Task CreatedAnewItIsAnotherObject(ConformanceRun run)
        {
            var first = await CreateAsync(run, "a").ConfigureAwait(false);
            await run.Client.DeleteAsync(resource, run.Key("a"), cancellationToken: run.Token).ConfigureAwait(false);
            var second = await CreateAsync(run, "a").ConfigureAwait(false);
            Check.NotEqual(first.Metadata.Uid, second.Metadata.Uid, "the uid of the new object");
            Check.NotEqual(first.Metadata.ResourceVersion, second.Metadata.ResourceVersion, "the resourceVersion of the new object");
        }

        internal async Task AWatchTellsOfEverything(ConformanceRun run)
        {
            var list = await run.Client.ListAsync(resource, run.Namespace, cancellationToken: run.Token).ConfigureAwait(false);
            await CreateAsync(run, "a").ConfigureAwait(false);
            var changed = await run.Client.PatchAsync(resource, run.Key("a"), Label("1"), run.Token).ConfigureAwait(false);
            var reader = run.Watch(resource, new WatchOptions { ResourceVersion = list.ResourceVersion });
            await using (reader.ConfigureAwait(false))
            {
                await reader.NextAsync(WatchEventType.Added, "a").ConfigureAwait(false);
                var modified = await reader.NextAsync(WatchEventType.Modified, "a").ConfigureAwait(false);
                Check.Equal(changed.Metadata.ResourceVersion, modified.Object.Metadata.ResourceVersion, "the event's resourceVersion");
                await run.Client.DeleteAsync(resource, run.Key("a"), cancellationToken: run.Token).ConfigureAwait(false);

                // A real server marks some kinds with a deletionTimestamp first: one more change, then the deletion.
                var last = await reader.NextAsync().ConfigureAwait(false);
                last = last.Type == WatchEventType.Modified ? await reader.NextAsync().ConfigureAwait(false) : last;
                Check.Equal(WatchEventType.Deleted, last.Type, "the last event");
                Check.Equal("1", last.Object.Metadata.Labels?.GetValueOrDefault("step"), "the label in the deleted object's last state");
            }
        }

        private string Json(T item) => JsonSerializer.Serialize(item, resource.JsonTypeInfo);
    }
}
