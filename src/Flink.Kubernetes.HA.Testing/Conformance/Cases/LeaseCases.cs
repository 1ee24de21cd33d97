using System.Text.Json.Nodes;
using Flink.Kubernetes.HA.KubeClient;

namespace Flink.Kubernetes.HA.Testing.Conformance.Cases;

internal static class LeaseCases
{
    internal static IEnumerable<ConformanceCase> All =>
    [
        new("Lease: times keep six digits of a second", TimesKeepSixDigits),
        new("Lease: times of another zone are the same moment", TimesOfAnotherZone),
        new("Lease: a whole second is written with six zeros", AWholeSecond),
        new("Lease: a released one has no holder", AReleasedOneHasNoHolder),
        new("Lease: replace without a resourceVersion is Invalid", ReplaceWithoutAVersionIsInvalid),
        new("Lease: a duration of zero is Invalid", ADurationOfZeroIsInvalid),
        new("Lease: a JSON Patch can test the holder", AJsonPatchCanTestTheHolder),
    ];

    private static Task<Lease> CreateAsync(ConformanceRun run, LeaseSpec spec) =>
        run.Client.CreateAsync(KubeResources.Leases, new Lease { Metadata = new() { Name = "a", Namespace = run.Namespace }, Spec = spec }, run.Token);

    private static Task<Lease> GetAsync(ConformanceRun run) => run.Client.GetAsync(KubeResources.Leases, run.Key("a"), run.Token);

    private static Task<Lease> PatchAsync(ConformanceRun run, KubePatch patch) => run.Client.PatchAsync(KubeResources.Leases, run.Key("a"), patch, run.Token);

    private static async Task TimesKeepSixDigits(ConformanceRun run)
    {
        var moment = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1_234_567);
        await CreateAsync(run, new LeaseSpec { HolderIdentity = "me", LeaseDurationSeconds = 15, AcquireTime = moment, RenewTime = moment.AddTicks(10), LeaseTransitions = 3 }).ConfigureAwait(false);
        var spec = (await GetAsync(run).ConfigureAwait(false)).Spec!;
        Check.Equal(moment.AddTicks(-7), spec.AcquireTime, "acquireTime, cut to microseconds");
        Check.Equal(moment.AddTicks(3), spec.RenewTime, "renewTime, cut to microseconds");
        Check.Equal("me", spec.HolderIdentity, "holderIdentity");
        Check.Equal(15, spec.LeaseDurationSeconds, "leaseDurationSeconds");
        Check.Equal(3, spec.LeaseTransitions, "leaseTransitions");
    }

    private static async Task TimesOfAnotherZone(ConformanceRun run)
    {
        var moment = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.FromHours(5.5));
        await CreateAsync(run, new LeaseSpec { RenewTime = moment }).ConfigureAwait(false);
        Check.Equal(moment.UtcDateTime, (await GetAsync(run).ConfigureAwait(false)).Spec!.RenewTime?.UtcDateTime, "renewTime");
    }

    private static async Task AWholeSecond(ConformanceRun run)
    {
        var moment = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await CreateAsync(run, new LeaseSpec { RenewTime = moment }).ConfigureAwait(false);
        var patch = KubePatch.Json(JsonPatchOperation.Test("/spec/renewTime", "2026-01-02T03:04:05.000000Z"));
        Check.Equal(moment, (await PatchAsync(run, patch).ConfigureAwait(false)).Spec!.RenewTime, "renewTime");
    }

    private static async Task AReleasedOneHasNoHolder(ConformanceRun run)
    {
        var held = await CreateAsync(run, new LeaseSpec { HolderIdentity = "me", LeaseDurationSeconds = 15 }).ConfigureAwait(false);
        var released = await run.Client.ReplaceAsync(KubeResources.Leases, held with { Spec = held.Spec! with { HolderIdentity = null } }, run.Token).ConfigureAwait(false);
        Check.True(string.IsNullOrEmpty(released.Spec?.HolderIdentity), "a released lease has no holder");
        Check.Equal(15, released.Spec?.LeaseDurationSeconds, "leaseDurationSeconds");
    }

    private static async Task ReplaceWithoutAVersionIsInvalid(ConformanceRun run)
    {
        var held = await CreateAsync(run, new LeaseSpec { HolderIdentity = "me" }).ConfigureAwait(false);
        var blind = held with { Metadata = held.Metadata with { ResourceVersion = null }, Spec = new LeaseSpec { HolderIdentity = "other" } };
        await Check.FailsAsync(KubeFailure.Invalid, () => run.Client.ReplaceAsync(KubeResources.Leases, blind, run.Token), "replace of a Lease without a resourceVersion").ConfigureAwait(false);
        Check.Equal(held.Metadata.ResourceVersion, (await GetAsync(run).ConfigureAwait(false)).Metadata.ResourceVersion, "the resourceVersion");
    }

    private static Task ADurationOfZeroIsInvalid(ConformanceRun run) =>
        Check.FailsAsync(KubeFailure.Invalid, () => CreateAsync(run, new LeaseSpec { HolderIdentity = "me", LeaseDurationSeconds = 0 }), "a Lease of zero seconds");

    private static async Task AJsonPatchCanTestTheHolder(ConformanceRun run)
    {
        await CreateAsync(run, new LeaseSpec { HolderIdentity = "me", LeaseTransitions = 0 }).ConfigureAwait(false);
        KubePatch Take(JsonNode? from, string to) => KubePatch.Json(JsonPatchOperation.Test("/spec/holderIdentity", from), JsonPatchOperation.Add("/spec/holderIdentity", to));
        await Check.FailsAsync(KubeFailure.Invalid, () => PatchAsync(run, Take("other", "thief")), "a takeover from a holder who is none").ConfigureAwait(false);
        await Check.FailsAsync(KubeFailure.Invalid, () => PatchAsync(run, Take(null, "thief")), "a takeover of a held lease as if it were free").ConfigureAwait(false);
        Check.Equal("next", (await PatchAsync(run, Take("me", "next")).ConfigureAwait(false)).Spec!.HolderIdentity, "holderIdentity");
        await PatchAsync(run, KubePatch.Merge(new() { ["spec"] = new JsonObject { ["holderIdentity"] = null } })).ConfigureAwait(false);
        Check.Equal("last", (await PatchAsync(run, Take(null, "last")).ConfigureAwait(false)).Spec!.HolderIdentity, "holderIdentity");
    }
}
