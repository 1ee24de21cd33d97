namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>What a sweep spares.</summary>
public sealed class SweepOptions
{
    /// <summary>The shortest grace period.</summary>
    public static readonly TimeSpan ShortestGracePeriod = TimeSpan.FromMinutes(1);

    /// <summary>Data that is younger is spared, for its pointer may be about to be written.</summary>
    /// <value>
    /// Default: 1 day. At least 1 minute: longer than from the end of an upload to its pointer, than from a blob to the job that names it, and
    /// than the clocks of the storage and of this process may differ.
    /// </value>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromDays(1);
}
