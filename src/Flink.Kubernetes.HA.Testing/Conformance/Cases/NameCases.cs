using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

/// <summary>Names that are not allowed, and names that try to reach another object.</summary>
internal static class NameCases
{
    private static readonly string[] HostileNames =
        ["", "/", "victim/", "x/../victim", "../configmaps/victim", "./victim", ".", "..", "victim?x=1", "victim#x", "victim%2F", "%76ictim", "victim\n", "victim\\", "victim/status", "VICTIM", "victim "];

    internal static IEnumerable<ConformanceCase> All =>
    [
        new("names: a hostile name never reads another object", AHostileNameReadsNothing),
        new("names: a hostile name never deletes or changes another object", AHostileNameDestroysNothing),
        new("names: a hostile namespace never reaches another one", AHostileNamespaceReachesNothing),
        .. new[] { "Upper", "under_score", "-begins", "ends-", "two..dots", "sp ace", "ümlaut" }.Select(name =>
            new ConformanceCase($"names: create refuses '{name}'", run => IsInvalidAsync(run, name))),
        new("names: create refuses a missing name", CreateRefusesAMissingName),
        new("names: 253 characters are allowed, 254 are not", TheLongestName),
        .. new[] { "a b", "a/b", "ä", "" }.Select(key =>
            new ConformanceCase($"names: create refuses the data key '{key}' as Invalid", run => DataKeyIsInvalidAsync(run, key))),
        new("names: create refuses a label value with a space as Invalid", CreateRefusesALabelValueWithASpace),
        new("names: create refuses a label value of 64 characters as Invalid", CreateRefusesALongLabelValue),
    ];

    private static async Task AHostileNameReadsNothing(ConformanceRun run)
    {
        await run.CreateAsync("victim", ("secret", "s")).ConfigureAwait(false);
        foreach (var name in HostileNames)
        {
            await Check.IsRefusedAsync(() => run.GetAsync(name), $"get of '{name}'").ConfigureAwait(false);
        }
    }

    private static async Task AHostileNameDestroysNothing(ConformanceRun run)
    {
        var victim = await run.CreateAsync("victim", ("secret", "s")).ConfigureAwait(false);
        foreach (var name in HostileNames)
        {
            await Check.IsRefusedAsync(() => run.DeleteAsync(name), $"delete of '{name}'").ConfigureAwait(false);
            await Check.IsRefusedAsync(() => run.SetAsync(name, "secret", "x"), $"patch of '{name}'").ConfigureAwait(false);
        }

        await run.UnchangedAsync(victim).ConfigureAwait(false);
    }

    private static async Task AHostileNamespaceReachesNothing(ConformanceRun run)
    {
        await run.CreateAsync("victim", ("secret", "s")).ConfigureAwait(false);
        string[] namespaces = ["", $"{run.Namespace}/", $"x/../{run.Namespace}", $"../namespaces/{run.Namespace}", $"{run.Namespace}/configmaps/victim?x=", $"{run.Namespace}#"];
        foreach (var name in namespaces)
        {
            await Check.IsRefusedAsync(() => run.Client.GetAsync(KubeResources.ConfigMaps, new ObjectKey(name, "victim"), run.Token), $"get in namespace '{name}'").ConfigureAwait(false);
        }
    }

    private static async Task IsInvalidAsync(ConformanceRun run, string name)
    {
        await Check.IsRefusedAsync(() => run.CreateAsync(name), $"create of '{name}'", KubeFailure.Invalid).ConfigureAwait(false);
        Check.True((await run.ListAsync().ConfigureAwait(false)).Items.All(i => i.Metadata.Name != name), "what was refused is not stored");
    }

    private static Task CreateRefusesAMissingName(ConformanceRun run) =>
        Check.IsRefusedAsync(() => run.CreateAsync(new ConfigMap { Metadata = new ObjectMeta { Namespace = run.Namespace } }), "create without a name");

    private static async Task TheLongestName(ConformanceRun run)
    {
        var longest = new string('x', 253);
        await run.CreateAsync(longest).ConfigureAwait(false);
        Check.Equal(longest, (await run.GetAsync(longest).ConfigureAwait(false)).Metadata.Name, "the name");
        await Check.IsRefusedAsync(() => run.CreateAsync(longest + "x"), "create with a name of 254 characters", KubeFailure.Invalid).ConfigureAwait(false);
    }

    private static Task DataKeyIsInvalidAsync(ConformanceRun run, string key) =>
        Check.FailsAsync(KubeFailure.Invalid, () => run.CreateAsync("a", (key, "v")), $"create with the data key '{key}'");

    private static Task CreateRefusesALabelValueWithASpace(ConformanceRun run) =>
        Check.FailsAsync(KubeFailure.Invalid, () => run.CreateLabelledAsync("a", ("l", "a b")), "create with a label value with a space");

    private static Task CreateRefusesALongLabelValue(ConformanceRun run) =>
        Check.FailsAsync(KubeFailure.Invalid, () => run.CreateLabelledAsync("a", ("l", new string('x', 64))), "create with a label value of 64 characters");
}
