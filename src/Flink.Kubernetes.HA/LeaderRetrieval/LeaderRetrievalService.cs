using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.WireFormat;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Reports the leader of one component; its watch is opened with the first reader or listener and closed with the last.</summary>
internal sealed class LeaderRetrievalService : ILeaderRetrievalService, ILeaderRetrievalHealth
{
    /// <summary>How long a disposal waits for a listener that does not end when it is asked to.</summary>
    private static readonly TimeSpan ListenerGrace = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Func<WatchSubscription> _subscribe;
    private readonly Func<LeaseReference, WatchSubscription> _subscribeToLease;
    private readonly Func<ILeaderReader> _createReader;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly HaMetrics _metrics;
    private readonly Action<LeaderRetrievalService>? _disposing;
    private readonly HashSet<ListenerRegistration> _registrations = [];
    private LeaderFollowing? _following;
    private bool _disposed;

    internal LeaderRetrievalService(
        LeaderComponent component,
        Func<WatchSubscription> subscribe,
        Func<LeaseReference, WatchSubscription> subscribeToLease,
        Func<ILeaderReader> createReader,
        TimeProvider timeProvider,
        ILogger logger,
        HaMetrics metrics,
        Action<LeaderRetrievalService>? disposing = null)
    {
        Component = component;
        (_subscribe, _subscribeToLease, _createReader, _timeProvider, _logger, _metrics, _disposing) = (subscribe, subscribeToLease, createReader, timeProvider, logger, metrics, disposing);
    }

    public LeaderComponent Component { get; }

    public LeaderInformation? Current => Volatile.Read(ref _following)?.State.Leader;

    public LastingFailure? Failure => Volatile.Read(ref _following)?.Failure;

    public async IAsyncEnumerable<LeaderInformation?> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var following = Join();
        try
        {
            var reader = new LatestValueReader<RetrievalState>(following.States, this);
            RetrievalState? reported = null;
            while (true)
            {
                var state = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (state.IsKnown && (reported is null || reported.Leader != state.Leader))
                {
                    reported = state;
                    yield return state.Leader;
                }
            }
        }
        finally
        {
            await LeaveAsync(following).ConfigureAwait(false);
        }
    }

    public IAsyncDisposable AddListener(ILeaderRetrievalListener listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        var following = Join();
        var registration = new ListenerRegistration(
            this, Component, listener, following.States, ended => ForgetAsync(ended, following), _timeProvider, _logger, _metrics);
        lock (_lock)
        {
            _registrations.Add(registration);
        }

        return registration;
    }

    /// <summary>Ends the readers and the listeners; if called from within a listener, waits for none of them.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposing?.Invoke(this);
        ListenerRegistration[] registrations;
        LeaderFollowing? following;
        lock (_lock)
        {
            _disposed = true;
            registrations = [.. _registrations];
            (following, _following) = (_following, null);
        }

        if (following is not null)
        {
            await following.DisposeAsync().ConfigureAwait(false);
        }

        var ends = Task.WhenAll(registrations.Select(registration => registration.EndAsync(wait: !ListenerCall.IsWithinCallOf(this)).AsTask()));
        if (!await ends.EndsWithinAsync(ListenerGrace, _timeProvider, CancellationToken.None).ConfigureAwait(false))
        {
            // A listener that ignores its token must not keep the process from ending.
            Log.ListenerNotEnded(_logger, Component, ListenerGrace.TotalSeconds);
        }
    }

    private LeaderFollowing Join()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _following ??= new LeaderFollowing(Component, _subscribe(), _subscribeToLease, _createReader(), _timeProvider, _logger, _metrics);
            _following.Readers++;
            return _following;
        }
    }

    private async ValueTask LeaveAsync(LeaderFollowing following)
    {
        lock (_lock)
        {
            if (--following.Readers > 0)
            {
                return;
            }

            // The next reader begins anew, and does not wait for the end of this one.
            _following = _following == following ? null : _following;
        }

        await following.DisposeAsync().ConfigureAwait(false);
    }

    private ValueTask ForgetAsync(ListenerRegistration registration, LeaderFollowing following)
    {
        lock (_lock)
        {
            if (!_registrations.Remove(registration))
            {
                return ValueTask.CompletedTask;
            }
        }

        return LeaveAsync(following);
    }
}
