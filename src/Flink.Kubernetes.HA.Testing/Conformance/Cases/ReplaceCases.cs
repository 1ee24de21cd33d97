using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class ReplaceCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("replace: what is left out is gone", WhatIsLeftOutIsGone),
        new("replace: without a resourceVersion it overwrites", WithoutAResourceVersionItOverwrites),
        new("replace: of a missing object is NotFound", OfAMissingObjectIsNotFound),
        new("replace: of a deleted object that it names by uid conflicts", OfADeletedObjectConflicts),
        new("replace: with another uid conflicts", WithAnotherUidConflicts),
        new("replace: with the version from before a re-creation conflicts", AfterARecreationConflicts),
        new("replace: that changes nothing keeps the resourceVersion", ThatChangesNothingKeepsTheVersion),
        new("replace: keeps uid and creationTimestamp", KeepsIdentity),
        new("replace: an immutable ConfigMap refuses other data as Invalid, but takes labels", AnImmutableConfigMap),
        new("replace: an invalid object is Invalid and changes nothing", AnInvalidObjectChangesNothing),
    ];

    private static async Task WhatIsLeftOutIsGone(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1"), ("l", "2")).ConfigureAwait(false);
        await run.ReplaceAsync(first with { Data = ConformanceRun.Map(("l", "3")) }).ConfigureAwait(false);
        Check.SameEntries(ConformanceRun.Map(("l", "3")), (await run.GetAsync("a").ConfigureAwait(false)).Data, "the data");
    }

    private static async Task WithoutAResourceVersionItOverwrites(ConformanceRun run)
    {
        await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await run.SetAsync("a", "k", "2").ConfigureAwait(false);
        var stored = await run.ReplaceAsync(run.NewConfigMap("a", ("k", "3"))).ConfigureAwait(false);
        Check.SameEntries(ConformanceRun.Map(("k", "3")), stored.Data, "the data");
    }

    private static async Task OfAMissingObjectIsNotFound(ConformanceRun run)
    {
        await Check.FailsAsync(KubeFailure.NotFound, () => run.ReplaceAsync(run.NewConfigMap("a")), "replace of a missing object").ConfigureAwait(false);
        await run.CreateAsync("b").ConfigureAwait(false);
        await run.DeleteAsync("b").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.NotFound, () => run.ReplaceAsync(run.NewConfigMap("b")), "replace of a deleted object").ConfigureAwait(false);
    }

    private static async Task OfADeletedObjectConflicts(ConformanceRun run)
    {
        var read = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Conflict, () => run.ReplaceAsync(read), "replace of a deleted object by its uid").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.NotFound, () => run.GetAsync("a"), "get after the refused replace").ConfigureAwait(false);
    }

    private static async Task WithAnotherUidConflicts(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var item = run.NewConfigMap("a", ("k", "2"));
        item = item with { Metadata = item.Metadata with { Uid = "00000000-0000-0000-0000-000000000001" } };
        await Check.FailsAsync(KubeFailure.Conflict, () => run.ReplaceAsync(item), "replace with another uid").ConfigureAwait(false);
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task AfterARecreationConflicts(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        var second = await run.CreateAsync("a", ("k", "2")).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Conflict, () => run.ReplaceAsync(first with { Data = ConformanceRun.Map(("k", "3")) }), "replace of the object from before").ConfigureAwait(false);
        await run.UnchangedAsync(second).ConfigureAwait(false);
    }

    private static async Task ThatChangesNothingKeepsTheVersion(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var second = await run.ReplaceAsync(first).ConfigureAwait(false);
        Check.Equal(first.Metadata.ResourceVersion, second.Metadata.ResourceVersion, "the resourceVersion after a replace with the same");
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }

    private static async Task KeepsIdentity(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var stored = await run.ReplaceAsync(run.NewConfigMap("a", ("k", "2"))).ConfigureAwait(false);
        Check.Equal(first.Metadata.Uid, stored.Metadata.Uid, "the uid");
        Check.Equal(first.Metadata.CreationTimestamp, stored.Metadata.CreationTimestamp, "the creationTimestamp");
    }

    private static async Task AnImmutableConfigMap(ConformanceRun run)
    {
        var first = await run.CreateAsync(run.NewConfigMap("a", ("k", "1")) with { Immutable = true }).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Invalid, () => run.ReplaceAsync(first with { Data = ConformanceRun.Map(("k", "2")) }), "a change of immutable data").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Invalid, () => run.ReplaceAsync(first with { Immutable = null }), "making it mutable again").ConfigureAwait(false);
        await run.UnchangedAsync(first).ConfigureAwait(false);
        var labelled = await run.ReplaceAsync(first with { Metadata = first.Metadata with { Labels = ConformanceRun.Map(("a", "b")) } }).ConfigureAwait(false);
        Check.SameEntries(ConformanceRun.Map(("a", "b")), labelled.Metadata.Labels, "the labels");
    }

    private static async Task AnInvalidObjectChangesNothing(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Invalid, () => run.ReplaceAsync(first with { Data = ConformanceRun.Map(("a b", "2")) }), "replace with a bad key").ConfigureAwait(false);
        await run.UnchangedAsync(first).ConfigureAwait(false);
    }
}
