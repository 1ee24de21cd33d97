using Flink.Kubernetes.HA.StateHandles;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>What a sweep has found, and what became of it.</summary>
public sealed record SweepReport
{
    internal SweepReport()
    {
    }

    /// <summary>Data that no pointer names, old enough to be deleted.</summary>
    public required IReadOnlyList<StateEntry> Orphans { get; init; }

    /// <summary>
    /// Data that no pointer names, but whose pointers were perhaps lost: its ConfigMap is missing, was created after the data, or has an entry that
    /// can't be read. It is never deleted; look into it, and delete it by hand.
    /// </summary>
    public required IReadOnlyList<StateEntry> Withheld { get; init; }

    /// <summary>Pointers whose data is missing: a read of them will fail.</summary>
    public required IReadOnlyList<StateHandle> MissingData { get; init; }

    /// <summary>How many orphans were deleted.</summary>
    public int Deleted { get; init; }

    /// <summary>How many orphans could not be deleted; the next sweep tries again.</summary>
    public int NotDeleted { get; init; }

    /// <summary>How many writes that were left half-way were removed.</summary>
    public int UnfinishedWritesRemoved { get; init; }
}
