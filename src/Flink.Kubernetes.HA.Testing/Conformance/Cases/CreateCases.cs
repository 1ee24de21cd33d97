using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class CreateCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("create: text of any kind is kept to the last character", TextOfAnyKindIsKept),
        new("create: binary data is kept", BinaryDataIsKept),
        new("create: a ConfigMap without data is allowed", AConfigMapWithoutDataIsAllowed),
        new("create: labels and annotations are kept", LabelsAndAnnotationsAreKept),
        new("create: the same name in another namespace is another object", NamespacesAreApart),
        new("create: nothing is written by a call that was cancelled before", ACancelledCreateWritesNothing),
        new("create: uid and creationTimestamp are the server's, not the caller's", IdentityIsTheServers),
    ];

    private static async Task TextOfAnyKindIsKept(ConformanceRun run)
    {
        const string text = "line\r\n\ttab \"quoted\" \\ back/slash <&'> \u0001 é 漢字 🙂 \u2028 {\"json\":[1,null]} %2F";
        await run.CreateAsync("a", ("text", text), ("empty", string.Empty)).ConfigureAwait(false);
        var read = await run.GetAsync("a").ConfigureAwait(false);
        Check.SameEntries(ConformanceRun.Map(("text", text), ("empty", string.Empty)), read.Data, "the data");
    }

    private static async Task BinaryDataIsKept(ConformanceRun run)
    {
        byte[] bytes = [0, 255, 10, 13, 128, 0];
        await run.CreateAsync(run.NewConfigMap("a") with { BinaryData = new Dictionary<string, byte[]> { ["b"] = bytes } }).ConfigureAwait(false);
        var read = await run.GetAsync("a").ConfigureAwait(false);
        Check.Sequence(bytes, read.BinaryData?["b"] ?? [], "the bytes");
    }

    private static async Task AConfigMapWithoutDataIsAllowed(ConformanceRun run)
    {
        await run.CreateAsync("a").ConfigureAwait(false);
        var read = await run.GetAsync("a").ConfigureAwait(false);
        Check.Equal(0, read.Data?.Count ?? 0, "the number of entries");
    }

    private static async Task LabelsAndAnnotationsAreKept(ConformanceRun run)
    {
        var labels = ConformanceRun.Map(("app", "orders"), ("example.org/part", string.Empty));
        var annotations = ConformanceRun.Map(("control-plane.alpha.kubernetes.io/leader", """{"holderIdentity":"a \"b\""}"""), ("note", "any text\nat all"));
        var item = run.NewConfigMap("a");
        await run.CreateAsync(item with { Metadata = item.Metadata with { Labels = labels, Annotations = annotations } }).ConfigureAwait(false);
        var read = await run.GetAsync("a").ConfigureAwait(false);
        Check.SameEntries(labels, read.Metadata.Labels, "the labels");
        Check.SameEntries(annotations, read.Metadata.Annotations, "the annotations");
    }

    private static async Task NamespacesAreApart(ConformanceRun run)
    {
        var other = await run.Harness.CreateNamespaceAsync(run.Token).ConfigureAwait(false);
        var here = await run.CreateAsync("a", ("k", "here")).ConfigureAwait(false);
        var item = run.NewConfigMap("a", ("k", "there"));
        var there = await run.CreateAsync(item with { Metadata = item.Metadata with { Namespace = other } }).ConfigureAwait(false);
        Check.NotEqual(here.Metadata.Uid, there.Metadata.Uid, "the uid in the other namespace");
        await run.Client.DeleteAsync(KubeResources.ConfigMaps, new ObjectKey(other, "a"), cancellationToken: run.Token).ConfigureAwait(false);
        await run.UnchangedAsync(here).ConfigureAwait(false);
        var list = await run.ListAsync().ConfigureAwait(false);
        Check.True(list.Items.All(i => i.Metadata.Namespace == run.Namespace), "a list holds only its own namespace");
    }

    private static async Task ACancelledCreateWritesNothing(ConformanceRun run)
    {
        var cancelled = new CancellationToken(canceled: true);
        await Check.IsCancelledAsync(() => run.Client.CreateAsync(KubeResources.ConfigMaps, run.NewConfigMap("a"), cancelled), "create with a cancelled token").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.NotFound, () => run.GetAsync("a"), "get of what a cancelled call was to create").ConfigureAwait(false);
    }

    private static async Task IdentityIsTheServers(ConformanceRun run)
    {
        var item = run.NewConfigMap("a");
        var mine = item.Metadata with { Uid = "00000000-0000-0000-0000-000000000001", CreationTimestamp = DateTimeOffset.UnixEpoch };
        var created = await run.CreateAsync(item with { Metadata = mine }).ConfigureAwait(false);
        Check.NotEqual(mine.Uid, created.Metadata.Uid, "the uid of a new object");
        Check.NotEqual(mine.CreationTimestamp, created.Metadata.CreationTimestamp, "the creationTimestamp of a new object");
    }
}
