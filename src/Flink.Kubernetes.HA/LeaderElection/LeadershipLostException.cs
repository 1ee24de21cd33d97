namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The exception that is thrown when an operation needs leadership and this process is no longer the leader.</summary>
/// <remarks>
/// A write to HA metadata that throws this exception did not take effect. An address that was being published may have been
/// written before the term ended.
/// </remarks>
public sealed class LeadershipLostException : Exception
{
    internal LeadershipLostException(LeaderComponent component, LeadershipLossReason reason, string message)
        : base(message)
    {
        Component = component;
        Reason = reason;
    }

    /// <summary>The component whose leadership was lost.</summary>
    public LeaderComponent Component { get; }

    /// <summary>Why leadership was lost.</summary>
    public LeadershipLossReason Reason { get; }
}

/// <summary>The end of a term and its reason.</summary>
internal sealed record LeadershipLoss(LeadershipLossReason Reason, string Message)
{
    public LeadershipLostException ToException(LeaderComponent component) => new(component, Reason, Message);
}
