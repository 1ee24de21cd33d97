namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>What was asked needs leadership, and this process no longer leads.</summary>
/// <remarks>A fenced write that throws it was not made. An address that was being published may have been, in the term that has ended.</remarks>
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
