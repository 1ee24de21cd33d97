using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

/// <summary>Calls without the right, and calls that were cancelled.</summary>
internal static class RefusalCases
{
    private static readonly (string Verb, Func<ConformanceRun, IKubeClient, CancellationToken, Task> Call)[] Calls =
    [
        ("get", (run, client, token) => client.GetAsync(KubeResources.ConfigMaps, run.Key("a"), token)),
        ("list", (run, client, token) => client.ListAsync(KubeResources.ConfigMaps, run.Namespace, cancellationToken: token)),
        ("create", (run, client, token) => client.CreateAsync(KubeResources.ConfigMaps, run.NewConfigMap("b"), token)),
        ("update", (run, client, token) => client.ReplaceAsync(KubeResources.ConfigMaps, run.NewConfigMap("a", ("k", "2")), token)),
        ("patch", (run, client, token) => client.PatchAsync(KubeResources.ConfigMaps, run.Key("a"), KubePatch.Json(JsonPatchOperation.Remove("/data/k")), token)),
        ("delete", (run, client, token) => client.DeleteAsync(KubeResources.ConfigMaps, run.Key("a"), cancellationToken: token)),
        ("watch", async (run, client, token) =>
        {
            await foreach (var next in client.WatchAsync(KubeResources.ConfigMaps, run.Namespace, new WatchOptions { Timeout = TimeSpan.FromSeconds(1) }, token).ConfigureAwait(false))
            {
                GC.KeepAlive(next);
            }
        }),
    ];

    internal static IEnumerable<ConformanceCase> All =>
    [
        .. Calls.Select(c => new ConformanceCase($"refusal: {c.Verb} without the right is Forbidden and names verb and resource", run => IsForbiddenAsync(run, c.Verb, c.Call))),
        .. Calls.Select(c => new ConformanceCase($"cancellation: {c.Verb} with a cancelled token does nothing", run => IsCancelledAsync(run, c.Verb, c.Call))),
        new("refusal: a Lease is named with its group", ALeaseIsNamedWithItsGroup),
    ];

    private static async Task IsForbiddenAsync(ConformanceRun run, string verb, Func<ConformanceRun, IKubeClient, CancellationToken, Task> call)
    {
        var stored = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        var powerless = await run.Harness.CreateClientWithoutRightsAsync(run.Namespace, run.Token).ConfigureAwait(false);
        await using (powerless.ConfigureAwait(false))
        {
            var failure = await Check.FailsAsync(KubeFailure.Forbidden, () => call(run, powerless, run.Token), $"{verb} without the right").ConfigureAwait(false);
            Check.Equal(System.Net.HttpStatusCode.Forbidden, failure.StatusCode, "StatusCode");
            Check.Equal(verb, failure.Verb, "Verb");
            Check.Equal("configmaps", failure.Resource, "Resource");
            Check.Equal(run.Namespace, failure.Namespace, "Namespace");
            Check.True(
                failure.Message.Contains(verb, StringComparison.Ordinal) && failure.Message.Contains("configmaps", StringComparison.Ordinal),
                $"the message names the verb and the resource: {failure.Message}");
        }

        await run.UnchangedAsync(stored).ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.NotFound, () => run.GetAsync("b"), "get of what nobody may create").ConfigureAwait(false);
    }

    private static async Task IsCancelledAsync(ConformanceRun run, string verb, Func<ConformanceRun, IKubeClient, CancellationToken, Task> call)
    {
        var stored = await run.CreateAsync("a", ("k", "1")).ConfigureAwait(false);
        await Check.IsCancelledAsync(() => call(run, run.Client, new CancellationToken(canceled: true)), $"{verb} with a cancelled token").ConfigureAwait(false);
        await run.UnchangedAsync(stored).ConfigureAwait(false);
    }

    private static async Task ALeaseIsNamedWithItsGroup(ConformanceRun run)
    {
        var powerless = await run.Harness.CreateClientWithoutRightsAsync(run.Namespace, run.Token).ConfigureAwait(false);
        await using (powerless.ConfigureAwait(false))
        {
            var failure = await Check.FailsAsync(KubeFailure.Forbidden, () => powerless.GetAsync(KubeResources.Leases, run.Key("a"), run.Token), "get without the right").ConfigureAwait(false);
            Check.Equal("leases.coordination.k8s.io", failure.Resource, "Resource");
        }
    }
}
