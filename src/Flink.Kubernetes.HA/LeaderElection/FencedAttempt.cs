namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>What is known of a fenced write while it is made and after it has failed.</summary>
internal sealed class FencedAttempt
{
    /// <summary>The lock record that the write tests which was sent last; <see langword="null"/> where none can take effect any more.</summary>
    /// <remarks>Read it when the write has ended.</remarks>
    public string? Fence { get; set; }
}
