using Flink.Kubernetes.HA.CleanUp;

namespace Flink.Kubernetes.HA.Jobs;

/// <summary>The options of a <see cref="JobRegistry{T}"/>.</summary>
public sealed class JobRegistryOptions
{
    /// <summary>The number of results of cleaned-up jobs to keep, the newest ones; results of jobs that are still to be cleaned up are always kept.</summary>
    /// <value>Default: 100. At about 100 bytes each, up to 1.1 KB with a message.</value>
    public int MaximumCleanResults { get; set; } = 100;

    /// <summary>The options for retries during clean-up.</summary>
    public CleanUpOptions CleanUp { get; set; } = new();

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(MaximumCleanResults);
        ArgumentNullException.ThrowIfNull(CleanUp);
        CleanUp.Check();
    }
}
