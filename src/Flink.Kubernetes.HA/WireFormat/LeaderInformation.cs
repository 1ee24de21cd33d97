namespace Flink.Kubernetes.HA;

/// <summary>Who leads a component and where it is reached.</summary>
/// <param name="SessionId">The id of the term: another one means another term, also of the same process.</param>
/// <param name="Address">The address that the leader has published.</param>
public sealed record LeaderInformation(Guid SessionId, string Address)
{
    /// <summary>The fencing token of the term, which only grows; 0 when the leader does not tell one, as Flink's own does not.</summary>
    public long FencingToken { get; init; }
}
