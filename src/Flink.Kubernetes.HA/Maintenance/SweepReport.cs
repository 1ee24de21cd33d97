using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Maintenance;

/// <summary>The findings of a sweep, and what was deleted.</summary>
public sealed record SweepReport
{
    internal SweepReport()
    {
    }

    /// <summary>Data without a pointer that is old enough to be deleted.</summary>
    public required IReadOnlyList<StateEntry> Orphans { get; init; }

    /// <summary>
    /// Data without a pointer whose pointer may have been lost: its ConfigMap is missing, was re-created, or has an entry that
    /// cannot be read. It is never deleted; examine it, and delete it by hand.
    /// </summary>
    public required IReadOnlyList<StateEntry> Withheld { get; init; }

    /// <summary>Pointers whose data is missing; reading them fails.</summary>
    public required IReadOnlyList<StateHandle> MissingData { get; init; }

    /// <summary>The number of orphans that were deleted.</summary>
    public int Deleted { get; init; }

    /// <summary>The number of orphans that could not be deleted; the next sweep retries.</summary>
    public int NotDeleted { get; init; }

    /// <summary>The number of unfinished writes whose remains were removed.</summary>
    public int UnfinishedWritesRemoved { get; init; }
}
