using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Follows one ConfigMap by watch while somebody reads, and reports its leader to any number of readers and listeners.</summary>
internal sealed class LeaderFollowing : IAsyncDisposable
{
    private readonly LeaderComponent _component;
    private readonly WatchSubscription _subscription;
    private readonly ILeaderReader _reader;
    private readonly LeaderLease _lease;
    private readonly LivenessTracker _liveness;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly HaMetrics _metrics;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private Observation? _observed;
    private Heartbeat? _heartbeat;

    public LeaderFollowing(
        LeaderComponent component,
        WatchSubscription subscription,
        Func<LeaseReference, WatchSubscription> subscribeToLease,
        ILeaderReader reader,
        TimeProvider timeProvider,
        ILogger logger,
        HaMetrics metrics)
    {
        _lease = new LeaderLease(subscribeToLease);
        (_component, _subscription, _reader, _timeProvider, _logger, _metrics) = (component, subscription, reader, timeProvider, logger, metrics);
        _liveness = new LivenessTracker(timeProvider);
        _loop = TaskExtensions.RunDetached(FollowAsync);
    }

    public LatestValue<RetrievalState> States { get; } = new();

    public RetrievalState State => States.Latest.Value ?? RetrievalState.Initial;

    public LastingFailure? Failure => _subscription.LastingFailure ?? _lease.LastingFailure;

    /// <summary>The number of readers and listeners; guarded by the lock of the service.</summary>
    public int Readers { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _subscription.DisposeAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
    }

    private async Task FollowAsync()
    {
        Task<WatchState>? next = null;
        try
        {
            while (true)
            {
                next ??= _subscription.NextAsync(_stop.Token).AsTask();
                var silent = _liveness.UntilSilent ?? Timeout.InfiniteTimeSpan;
                var any = _lease.Next is { } leaseChanged ? Task.WhenAny(next, leaseChanged) : (Task)next;
                if (await any.EndsWithinAsync(silent, _timeProvider, _stop.Token).ConfigureAwait(false))
                {
                    if (next.IsCompleted)
                    {
                        var seen = await next.ConfigureAwait(false);
                        next = null;
                        Observe(seen);
                        await _lease.FollowAsync(_heartbeat?.HolderLease).ConfigureAwait(false);
                    }

                    if (_lease.TryTake())
                    {
                        ObserveLease();
                    }
                }
                else if (_liveness.UntilSilent <= TimeSpan.Zero)
                {
                    await AskAsync(next).ConfigureAwait(false);
                }
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException)
        {
            // The last reader has left, or the watches were disposed.
        }
        finally
        {
            States.Complete();
            await _lease.DisposeAsync().ConfigureAwait(false);
        }

        _ = next?.Observed();
    }

    /// <summary>Asks the API server once, because a leader that lives would have renewed its lock by now: either the watch is hung, or the
    /// leader is silent.</summary>
    private async Task AskAsync(Task<WatchState> next)
    {
        // 1. The list takes the place of a connection that may be hung. It waits for as long as the API server cannot be reached: silence
        //    proves nothing meanwhile. A state that it finds completes the pending read.
        await Task.WhenAny(next, Task.WhenAll(_subscription.RelistAsync(), _lease.RelistAsync())).WaitAsync(_stop.Token).ConfigureAwait(false);
        if (!ReferenceEquals(_subscription.Current, _observed) || next.IsCompleted || _lease.Next is { IsCompleted: true })
        {
            return;
        }

        // 2. The list has found nothing new.
        _liveness.Suspect();
        Log.LeaderSuspected(_logger, _component, State.Leader?.HolderIdentity);
        Publish(State with { Leader = WithLiveness(State.Leader) });
    }

    private void Observe(WatchState seen)
    {
        var before = State;
        if (seen.Observation is not { } observation)
        {
            Publish(before with { WatchFailure = seen.Failure });
            return;
        }

        _observed = observation;
        var reading = _reader.Read(observation.ConfigMap, before.Leader);
        _heartbeat = reading.Heartbeat;
        _liveness.Observe(_heartbeat.HolderLease is null ? _heartbeat : _lease.Complete(_heartbeat, out _), observation.Timestamp);
        var leader = WithLiveness(reading.Leader);
        var problem = before.Problem;
        if (problem?.Message != reading.Problem)
        {
            problem = reading.Problem is null ? null : new InvalidOperationException(reading.Problem);
            if (problem is not null)
            {
                Log.LeaderConfigMapUnusable(_logger, _component, reading.Problem!);
            }
        }

        if (!before.IsKnown || before.Leader?.SessionId != leader?.SessionId || before.Leader?.Address != leader?.Address)
        {
            _metrics.LeaderChanged();
            if (leader is not null)
            {
                Log.LeaderObserved(_logger, _component, leader.Address ?? "an address that it has not published", leader.SessionId, leader.FencingToken);
            }
            else
            {
                Log.NoLeaderObserved(_logger, _component);
            }
        }
        else
        {
            TellIfHeardAgain(before.Leader, leader);
        }

        Publish(new RetrievalState(true, leader, seen.Failure, problem));
    }

    /// <summary>Takes note of a renewal of the Lease by which the leader lives.</summary>
    private void ObserveLease()
    {
        var before = State;
        if (_heartbeat is not { HolderLease: not null } heartbeat)
        {
            return;
        }

        var lease = _lease.Complete(heartbeat, out var isFirst);
        if (isFirst)
        {
            _liveness.Begin(lease, _timeProvider.GetTimestamp());
        }
        else
        {
            _liveness.Observe(lease, _timeProvider.GetTimestamp());
        }

        var leader = WithLiveness(before.Leader);
        TellIfHeardAgain(before.Leader, leader);
        Publish(before with { Leader = leader, WatchFailure = _subscription.Failure ?? _lease.Failure });
    }

    private void TellIfHeardAgain(LeaderInformation? before, LeaderInformation? leader)
    {
        if (before?.Liveness == LeaderLiveness.Suspected && leader?.Liveness == LeaderLiveness.Alive)
        {
            Log.LeaderHeardAgain(_logger, _component, leader.HolderIdentity);
        }
    }

    private LeaderInformation? WithLiveness(LeaderInformation? leader) => leader is null ? null : leader with { Liveness = _liveness.Liveness };

    private void Publish(RetrievalState state)
    {
        // Most events are renewals of the lock, which change no leader: they wake nobody.
        if (state != State)
        {
            States.Publish(state);
        }
    }
}

/// <summary>The state of a retrieval at one moment.</summary>
/// <param name="IsKnown">Whether the ConfigMap or its absence was observed yet.</param>
/// <param name="Leader">The leader, or <see langword="null"/> if there is none.</param>
/// <param name="WatchFailure">Why the watch is currently impaired.</param>
/// <param name="Problem">What is wrong with the ConfigMap.</param>
internal sealed record RetrievalState(bool IsKnown, LeaderInformation? Leader, Exception? WatchFailure, Exception? Problem)
{
    public static RetrievalState Initial { get; } = new(false, null, null, null);
}
