namespace Flink.Kubernetes.HA;

/// <summary>The leader of a component, as a follower knows it.</summary>
/// <param name="SessionId">The ID of the term (Flink's leader session ID). A different ID means a different term, even of the same process.</param>
/// <param name="Address">The address that the leader has published; <see langword="null"/> while it has not.</param>
public sealed record LeaderInformation(Guid SessionId, string? Address)
{
    /// <summary>The fencing token of the term, larger than that of every earlier term; 0 if the leader does not publish one, as Flink
    /// itself does not.</summary>
    public long FencingToken { get; init; }

    /// <summary>The identity of the holder in the lock; <see langword="null"/> if the lock cannot be read.</summary>
    public string? HolderIdentity { get; init; }

    /// <summary>When the holder acquired the lock, by its own wall clock; <see langword="null"/> if the lock does not say.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Whether the leader was seen to be alive. A change of it is a change of the leader information; a renewal is not.</summary>
    public LeaderLiveness Liveness { get; init; }
}
