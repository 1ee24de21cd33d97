using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.LeaderElection.Heartbeats;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection.Locking;

/// <summary>The state that the parts of one component's election share.</summary>
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
    /// <summary>The longest pause on request of the server.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(1);

    private ElectionProblems? _problems;

    /// <summary>The heartbeat of this process, and those of others.</summary>
    public required ProcessHeartbeats Heartbeats { get; init; }

    /// <summary>Tells of the terms in Events of Kubernetes; <see langword="null"/> if that is not wanted.</summary>
    public ElectionEvents? Events { get; init; }

    /// <summary>What keeps this process from leading or from renewing.</summary>
    public ElectionProblems Problems => _problems ??= new ElectionProblems(this);

    public string StorageRoot => HaNames.StorageRoot(Requests.Key.Namespace, ClusterId);

    public string Name => Component.Name;

    /// <summary>The component as the tag of a metric: one value for all jobs, because a tag must have few values.</summary>
    public string MetricTag => Component.IsJobManager ? "jobmanager" : Component.Name;

    public string ConfigMap => Requests.Key.ToString();

    /// <summary>The delay before a failed request is retried: well below the retry period, so that the end of an outage is noticed before
    /// the renew deadline.</summary>
    public TimeSpan RetryDelay() => Jittered(Options.RetryPeriod / 4);

    /// <summary>The delay before a contender that was refused asks again; longer if the server asked for that.</summary>
    public TimeSpan FailureDelay(Exception error)
    {
        var delay = Jittered(Options.RetryPeriod);
        var asked = (error as KubernetesHaException)?.RetryAfter ?? TimeSpan.Zero;
        asked = asked < LongestRetryAfter ? asked : LongestRetryAfter;
        return asked > delay ? asked : delay;
    }

    public static TimeSpan Jittered(TimeSpan delay) => delay * (0.75 + (Random.Shared.NextDouble() / 2));

    /// <summary>Cancels the token at once and runs the callbacks on it, which are user code, on the thread pool; their exceptions are
    /// logged.</summary>
    public async Task CancelSafelyAsync(CancellationTokenSource source)
    {
        try
        {
            await source.CancelAsync().ConfigureAwait(false);
        }
        catch (AggregateException exception)
        {
            Log.LostCallbackFailed(Logger, Name, exception);
        }
    }

    /// <summary>Cancels the token and runs the callbacks on it here.</summary>
    public void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (AggregateException exception)
        {
            Log.LostCallbackFailed(Logger, Name, exception);
        }
    }
}
