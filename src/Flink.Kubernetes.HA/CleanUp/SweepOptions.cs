namespace Flink.Kubernetes.HA.CleanUp;

/// <summary>The options of a sweep.</summary>
public sealed class SweepOptions
{
    /// <summary>The shortest grace period: 1 minute.</summary>
    public static readonly TimeSpan ShortestGracePeriod = TimeSpan.FromMinutes(1);

    /// <summary>The age below which data is kept, because its pointer may be about to be written.</summary>
    /// <value>
    /// Default: 1 day. At least 1 minute. Must be longer than the time from the end of an upload to its pointer, the time from a blob to the job
    /// that refers to it, and the difference between the clocks of the storage and of this process.
    /// </value>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromDays(1);
}
