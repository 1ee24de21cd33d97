namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>That a term has ended, and why.</summary>
internal sealed record LeadershipLoss(LeadershipLossReason Reason, string Message)
{
    public LeadershipLostException ToException(LeaderComponent component) => new(component, Reason, Message);
}
