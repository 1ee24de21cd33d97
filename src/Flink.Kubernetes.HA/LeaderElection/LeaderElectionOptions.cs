namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>The timing of leader election. The defaults are those of client-go.</summary>
/// <remarks>The relations between the values are validated when the services are created; see the value of each property.</remarks>
public sealed class LeaderElectionOptions
{
    private static readonly TimeSpan LongestRequestTimeout = TimeSpan.FromSeconds(3);

    // Seconds; beyond what is valid, so that values out of range can be compared.
    private const double Endless = 1e9;

    private TimeSpan? _requestTimeout;

    /// <summary>The time that a contender waits after the last observed renewal before it takes over.</summary>
    /// <value>Default: 15 s. Whole seconds, because the lock record that other clients read has no fractions. Must be longer than
    /// <see cref="RenewDeadline"/> × (1 + e) / (1 − e), where e is <see cref="MaxClockRateError"/>.</value>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The time after sending the last successful renewal at which a leader ends its term.</summary>
    /// <value>Default: 10 s. Must be longer than 1.3125 × <see cref="RetryPeriod"/> + <see cref="RequestTimeout"/> + 0.1 s: a request that hangs, the
    /// delay after it, and the requests that make up for it must fit in.</value>
    public TimeSpan RenewDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The interval at which a leader renews the lock.</summary>
    /// <value>Default: 2 s. Each renewal is one small conditional write.</value>
    public TimeSpan RetryPeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The time limit of one request of the election, after which it is retried.</summary>
    /// <value>Default: 3 s, or less where <see cref="RenewDeadline"/> is so short that otherwise one slow request would cost the leadership.</value>
    public TimeSpan RequestTimeout
    {
        get => _requestTimeout ?? Shorter(LongestRequestTimeout, Shorter(RenewDeadline, TimeSpan.FromSeconds(Endless)) - AroundOneRequest);
        set => _requestTimeout = value;
    }

    /// <summary>The largest error in the rate of a monotonic clock that the election tolerates, as a fraction.</summary>
    /// <value>Default: 0.01 (1 %). From 0 up to, but not including, 0.5.</value>
    public double MaxClockRateError { get; set; } = 0.01;

    /// <summary>By what leaders of this process show that they are alive.</summary>
    /// <value>Default: <see cref="HeartbeatMode.ConfigMap"/>. Processes of both modes can contend for the same component.</value>
    public HeartbeatMode HeartbeatMode { get; set; }

    /// <summary>Whether terms of this process are told of in Events of Kubernetes at their ConfigMaps, as client-go does.</summary>
    /// <value>Default: <see langword="true"/>. Needs the verb create on events; without it nothing but the Events is missing.</value>
    public bool EmitEvents { get; set; } = true;

    /// <summary>Whether standbys do not wait for the lease when the container of the leader was seen to have ended.</summary>
    /// <value>Default: <see langword="false"/>. Needs <see cref="PodName"/>, and the verbs get, list and watch on pods. Without the verbs, and for
    /// a leader whose container is not known, the lease is waited for as without it.</value>
    public bool ProofOfDeath { get; set; }

    /// <summary>The name of the Pod in which this process runs, by the downward API: <c>metadata.name</c>.</summary>
    /// <value>Default: <see langword="null"/>, which means the environment variable <c>POD_NAME</c>. The Pod must be in the namespace of the
    /// ConfigMaps, and it must be the right one: standbys take this process for dead when a container of that Pod has ended.</value>
    public string? PodName { get; set; }

    /// <summary>The name of the container in which this process runs.</summary>
    /// <value>Default: <see langword="null"/>, which means the only container of the Pod. Needed also beside init containers and sidecars.</value>
    public string? ContainerName { get; set; }

    /// <summary>The name of the Pod from the options or the environment.</summary>
    internal string? OwnPodName => string.IsNullOrEmpty(PodName) ? Environment.GetEnvironmentVariable("POD_NAME") : PodName;

    /// <summary>What a renewal needs besides the time limit of one request that hangs: the period until it is sent, the longest delay after it
    /// (<c>ElectionContext.RetryDelay</c>: a quarter of the period, and a quarter of that more), and two round trips that make up for it.</summary>
    internal TimeSpan AroundOneRequest => TimeSpan.FromSeconds(Math.Clamp((RetryPeriod.TotalSeconds * 1.3125) + 0.1, -Endless, Endless));

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
