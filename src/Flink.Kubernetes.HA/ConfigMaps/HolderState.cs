using k8s.Models;

namespace Flink.Kubernetes.HA.ConfigMaps;

/// <summary>The spec of a Lease of <c>coordination.k8s.io/v1</c>.</summary>
/// <param name="HolderIdentity">The holder; <see langword="null"/> or empty if there is none.</param>
/// <param name="RenewTime">The last renewal by the holder's wall clock: compared for equality only.</param>
/// <param name="Duration">The time for which a renewal counts; <see langword="null"/> if the Lease states none.</param>
internal sealed record LeaseSpec(string? HolderIdentity, DateTime? RenewTime, TimeSpan? Duration)
{
    public static LeaseSpec From(V1LeaseSpec? spec) => new(
        spec?.HolderIdentity,
        spec?.RenewTime?.ToUniversalTime(),
        spec?.LeaseDurationSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null);
}

/// <summary>The containers of a Pod by their IDs.</summary>
/// <param name="Terminated">Those that have ended: in the present state of a container, or in the state before its restart.</param>
/// <param name="Running">Those that run.</param>
internal sealed record PodContainers(IReadOnlySet<string> Terminated, IReadOnlySet<string> Running)
{
    public static PodContainers From(V1PodStatus? status)
    {
        var containers = (status?.ContainerStatuses ?? []).Concat(status?.EphemeralContainerStatuses ?? []).Concat(status?.InitContainerStatuses ?? []).ToList();
        return new(
            containers.SelectMany(c => new[] { c.State?.Terminated?.ContainerID, c.LastState?.Terminated?.ContainerID }).OfType<string>().ToHashSet(StringComparer.Ordinal),
            containers.Where(c => c.State?.Running is not null).Select(c => c.ContainerID).OfType<string>().ToHashSet(StringComparer.Ordinal));
    }
}
