namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The times of leader election; the defaults are client-go's.</summary>
/// <remarks>The rules between them are checked when the services are created; see <see cref="LeaseDuration"/>.</remarks>
public sealed class LeaderElectionOptions
{
    /// <summary>How long a contender waits after the last observed renewal before it takes over.</summary>
    /// <value>Default: 15 s. Whole seconds, for the lock record of other clients holds no fractions; longer than
    /// <see cref="RenewDeadline"/> × (1 + e) / (1 − e), where e is <see cref="MaxClockRateError"/>.</value>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long after sending the last successful renewal a leader gives up leading.</summary>
    /// <value>Default: 10 s. Longer than <see cref="RetryPeriod"/> + <see cref="RequestTimeout"/>.</value>
    public TimeSpan RenewDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a leader renews.</summary>
    /// <value>Default: 2 s. Each renewal is one small conditional write.</value>
    public TimeSpan RetryPeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one request of the election may take before it is given up and tried again.</summary>
    /// <value>Default: 3 s.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>By how much the rate of a monotonic clock may be wrong, as a fraction.</summary>
    /// <value>Default: 0.01 (1 %). From 0 up to, but not including, 0.5.</value>
    public double MaxClockRateError { get; set; } = 0.01;
}
