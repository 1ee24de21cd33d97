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

/// <summary>One container of a Pod.</summary>
/// <param name="Name">Its name in the Pod.</param>
/// <param name="Running">The ID of the container that runs now, or <see langword="null"/>.</param>
/// <param name="Ended">The IDs of those that are known to have ended: the present one, and the one before a restart.</param>
internal sealed record PodContainer(string Name, string? Running, IReadOnlyList<string> Ended)
{
    public static IReadOnlyList<PodContainer> AllOf(V1PodStatus? status) =>
    [
        // Of all kinds: the process may be a sidecar, which is an init container that is restarted.
        .. (status?.ContainerStatuses ?? []).Concat(status?.InitContainerStatuses ?? []).Concat(status?.EphemeralContainerStatuses ?? []).Select(container => new PodContainer(
            container.Name,
            container.State?.Running is null || string.IsNullOrEmpty(container.ContainerID) ? null : container.ContainerID,
            [.. new[] { container.State?.Terminated?.ContainerID, container.LastState?.Terminated?.ContainerID }.OfType<string>()])),
    ];
}
