using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>What the parts of one component's election share.</summary>
internal sealed record ElectionContext(
    LeaderComponent Component,
    string ClusterId,
    string Identity,
    LeaderElectionOptions Options,
    LockRequests Requests,
    TimeProvider TimeProvider,
    ILogger Logger,
    HaMetrics Metrics)
{
    public string StorageRoot => HaNames.StorageRoot(Requests.Key.Namespace, ClusterId);

    public string Name => Component.Name;

    /// <summary>The component as a metric's tag: there may be very many jobs, and a tag must have few values.</summary>
    public string MetricTag => Component.IsJobManager ? "jobmanager" : Component.Name;

    public string ConfigMap => Requests.Key.ToString();

    /// <summary>How long to wait before a request of the leader is tried again: well below the period, so that an outage that ends is noticed in time.</summary>
    public TimeSpan RetryDelay() => Jittered(Options.RetryPeriod / 4);

    public static TimeSpan Jittered(TimeSpan delay) => delay * (0.75 + (Random.Shared.NextDouble() / 2));
}
