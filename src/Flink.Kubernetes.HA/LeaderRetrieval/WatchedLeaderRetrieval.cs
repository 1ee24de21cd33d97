using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Follows one object by watch from its creation on, and tells any number of readers and listeners who leads.</summary>
internal abstract class WatchedLeaderRetrieval<T> : ILeaderRetrievalService, ILeaderRetrievalHealth
    where T : KubeObject
{
    private readonly Lock _lock = new();
    private readonly WatchSubscription<T> _subscription;
    private readonly ILeaderReader<T> _reader;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly HaMetrics _metrics;
    private readonly LatestValue<RetrievalState> _states = new();
    private readonly HashSet<ListenerRegistration> _registrations = [];
    private readonly Task _following;
    private bool _disposed;

    private protected WatchedLeaderRetrieval(
        LeaderComponent component, WatchSubscription<T> subscription, ILeaderReader<T> reader, TimeProvider timeProvider, ILogger logger, HaMetrics metrics)
    {
        Component = component;
        _subscription = subscription;
        _reader = reader;
        _timeProvider = timeProvider;
        _logger = logger;
        _metrics = metrics;
        _following = DetachedTask.Run(FollowAsync);
    }

    public LeaderComponent Component { get; }

    public LeaderInformation? Current => State.Leader;

    public Exception? WatchFailure => _subscription.Failure;

    private RetrievalState State => _states.Latest.Value ?? RetrievalState.Initial;

    public async IAsyncEnumerable<LeaderInformation?> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = new LatestValueReader<RetrievalState>(_states, this);
        RetrievalState? told = null;
        while (true)
        {
            var state = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (state.IsKnown && (told is null || told.Leader != state.Leader))
            {
                told = state;
                yield return state.Leader;
            }
        }
    }

    public IAsyncDisposable AddListener(ILeaderRetrievalListener listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var registration = new ListenerRegistration(this, Component, listener, _states, Forget, _timeProvider, _logger, _metrics);
            _registrations.Add(registration);
            return registration;
        }
    }

    /// <summary>Ends the readers and the listeners; called from within a listener it waits for none of them.</summary>
    public async ValueTask DisposeAsync()
    {
        ListenerRegistration[] registrations;
        lock (_lock)
        {
            _disposed = true;
            registrations = [.. _registrations];
        }

        await _subscription.DisposeAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(false);
        var wait = !ListenerCall.IsWithinCallOf(this);
        foreach (var registration in registrations)
        {
            await registration.EndAsync(wait).ConfigureAwait(false);
        }
    }

    private void Forget(ListenerRegistration registration)
    {
        lock (_lock)
        {
            _registrations.Remove(registration);
        }
    }

    private async Task FollowAsync()
    {
        var state = _subscription.NextAsync(CancellationToken.None).AsTask();
        var failure = _subscription.NextFailureAsync(CancellationToken.None).AsTask();
        try
        {
            while (true)
            {
                await Task.WhenAny(state, failure).ConfigureAwait(false);
                if (failure.IsCompleted)
                {
                    Publish(State with { WatchFailure = await failure.ConfigureAwait(false) });
                    failure = _subscription.NextFailureAsync(CancellationToken.None).AsTask();
                }

                if (state.IsCompleted)
                {
                    Observe((await state.ConfigureAwait(false)).Object);
                    state = _subscription.NextAsync(CancellationToken.None).AsTask();
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // Disposed: the service, or the watches under it.
        }
        finally
        {
            _states.Complete();
        }

        await Task.WhenAll(state, failure).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Observe(T? item)
    {
        var before = State;
        var reading = _reader.Read(item, before.Leader);
        var problem = before.Problem;
        if (problem?.Message != reading.Problem)
        {
            problem = reading.Problem is null ? null : new InvalidOperationException(reading.Problem);
            if (problem is not null)
            {
                Log.LeaderConfigMapUnusable(_logger, Component, reading.Problem!);
            }
        }

        if (!before.IsKnown || before.Leader != reading.Leader)
        {
            _metrics.LeaderChanged();
            if (reading.Leader is { } leader)
            {
                Log.LeaderObserved(_logger, Component, leader.Address, leader.SessionId, leader.FencingToken);
            }
            else
            {
                Log.NoLeaderObserved(_logger, Component);
            }

        }

        Publish(before with { IsKnown = true, Leader = reading.Leader, Problem = problem });
    }

    private void Publish(RetrievalState state)
    {
        // Most events are heartbeats: they wake nobody.
        if (state != State)
        {
            _states.Publish(state);
        }
    }
}
