namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>What was asked needs leadership, and this process no longer leads; nothing was written.</summary>
public sealed class LeadershipLostException : Exception
{
    internal LeadershipLostException(LeaderComponent component, LeadershipLossReason reason, string message)
        : base(message)
    {
        Component = component;
        Reason = reason;
    }

    /// <summary>The component that was led.</summary>
    public LeaderComponent Component { get; }

    /// <summary>Why leadership was lost.</summary>
    public LeadershipLossReason Reason { get; }
}
