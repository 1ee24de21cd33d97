using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class DeleteCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("delete: with the right uid and resourceVersion succeeds", WithRightPreconditionsSucceeds),
        new("delete: with another uid conflicts and deletes nothing", WithAnotherUidConflicts),
        new("delete: with an older resourceVersion conflicts and deletes nothing", WithAnOlderVersionConflicts),
        new("delete: with the uid from before a re-creation conflicts", AfterARecreationConflicts),
        new("delete: with preconditions on a missing object is NotFound", OfAMissingObjectIsNotFound),
        new("delete: takes only the named object", TakesOnlyTheNamedObject),
    ];

    private static async Task WithRightPreconditionsSucceeds(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a").ConfigureAwait(false);
        await run.DeleteAsync("a", new DeletePreconditions(stored.Metadata.Uid, stored.Metadata.ResourceVersion)).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.NotFound, () => run.GetAsync("a"), "get after delete").ConfigureAwait(false);
    }

    private static async Task WithAnotherUidConflicts(ConformanceRun run)
    {
        var stored = await run.CreateAsync("a").ConfigureAwait(false);
        var wrong = new DeletePreconditions(Uid: "00000000-0000-0000-0000-000000000001", ResourceVersion: stored.Metadata.ResourceVersion);
        var failure = await Check.FailsAsync(KubeFailure.Conflict, () => run.DeleteAsync("a", wrong), "delete with another uid").ConfigureAwait(false);
        Check.Equal(System.Net.HttpStatusCode.Conflict, failure.StatusCode, "StatusCode");
        await run.UnchangedAsync(stored).ConfigureAwait(false);
    }

    private static async Task WithAnOlderVersionConflicts(ConformanceRun run)
    {
        var first = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var second = await run.SetAsync("a", "k", "2").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Conflict, () => run.DeleteAsync("a", new DeletePreconditions(ResourceVersion: first.Metadata.ResourceVersion)), "delete with an older resourceVersion").ConfigureAwait(false);
        await run.UnchangedAsync(second).ConfigureAwait(false);
        await run.DeleteAsync("a", new DeletePreconditions(ResourceVersion: second.Metadata.ResourceVersion)).ConfigureAwait(false);
    }

    private static async Task AfterARecreationConflicts(ConformanceRun run)
    {
        var first = await run.CreateAsync("a").ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        var second = await run.CreateAsync("a").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Conflict, () => run.DeleteAsync("a", new DeletePreconditions(Uid: first.Metadata.Uid)), "delete with the uid from before").ConfigureAwait(false);
        await run.UnchangedAsync(second).ConfigureAwait(false);
    }

    private static Task OfAMissingObjectIsNotFound(ConformanceRun run) =>
        Check.FailsAsync(KubeFailure.NotFound, () => run.DeleteAsync("missing", new DeletePreconditions(Uid: "00000000-0000-0000-0000-000000000001")), "delete of a missing object");

    private static async Task TakesOnlyTheNamedObject(ConformanceRun run)
    {
        await run.CreateAsync("a").ConfigureAwait(false);
        var neighbour = await run.CreateAsync("a.b").ConfigureAwait(false);
        var other = await run.CreateAsync("a-b").ConfigureAwait(false);
        await run.DeleteAsync("a").ConfigureAwait(false);
        await run.UnchangedAsync(neighbour).ConfigureAwait(false);
        await run.UnchangedAsync(other).ConfigureAwait(false);
    }
}
