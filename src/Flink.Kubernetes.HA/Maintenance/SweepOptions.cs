namespace Flink.Kubernetes.HA.Maintenance;

/// <summary>The options of a sweep.</summary>
public sealed class SweepOptions
{
    /// <summary>The shortest grace period: 1 hour.</summary>
    public static readonly TimeSpan ShortestGracePeriod = TimeSpan.FromHours(1);

    /// <summary>The age below which data is kept, because its pointer may be about to be written.</summary>
    /// <value>
    /// Default: 1 day. At least 1 hour. Must be longer than the time from the beginning of an upload to its pointer (some storages count the age
    /// from there), the time from a blob to the job that refers to it, and the difference between the clocks of the storage and of this process.
    /// </value>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromDays(1);

    internal void Check() => ArgumentOutOfRangeException.ThrowIfLessThan(GracePeriod, ShortestGracePeriod);
}
