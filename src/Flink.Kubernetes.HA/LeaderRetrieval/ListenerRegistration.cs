using Flink.Kubernetes.HA.ConfigMaps.Watching;
using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Calls one listener, one call at a time, until it is disposed.</summary>
internal sealed class ListenerRegistration : IAsyncDisposable
{
    private readonly object _service;
    private readonly LeaderComponent _component;
    private readonly ILeaderRetrievalListener _listener;
    private readonly LatestValueReader<RetrievalState> _states;
    private readonly Func<ListenerRegistration, ValueTask> _forget;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly HaMetrics _metrics;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _reporting;

    public ListenerRegistration(
        object service,
        LeaderComponent component,
        ILeaderRetrievalListener listener,
        LatestValue<RetrievalState> states,
        Func<ListenerRegistration, ValueTask> forget,
        TimeProvider timeProvider,
        ILogger logger,
        HaMetrics metrics)
    {
        (_service, _component, _listener, _forget) = (service, component, listener, forget);
        (_timeProvider, _logger, _metrics) = (timeProvider, logger, metrics);
        _states = new LatestValueReader<RetrievalState>(states, this);
        _reporting = TaskExtensions.RunDetached(ReportAsync);
    }

    public ValueTask DisposeAsync() => EndAsync(wait: !ListenerCall.IsWithinCallOf(this));

    /// <summary>Ends the calls. Waits for the one in progress, unless called from within it.</summary>
    public async ValueTask EndAsync(bool wait)
    {
        await _states.DisposeAsync().ConfigureAwait(false);

        // Callbacks that the listener has registered on the token may throw; that must not keep the registration from ending.
        await _ended.CancelAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _forget(this).ConfigureAwait(false);
        if (wait)
        {
            await _reporting.ConfigureAwait(false);
        }
    }

    private async Task ReportAsync()
    {
        var reported = RetrievalState.Initial;
        while (true)
        {
            RetrievalState state;
            try
            {
                state = await _states.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            if (state.IsKnown && (!reported.IsKnown || reported.Leader != state.Leader))
            {
                await ReportLeaderAsync(state.Leader).ConfigureAwait(false);
            }

            await ReportErrorAsync(reported.WatchFailure, state.WatchFailure).ConfigureAwait(false);
            await ReportErrorAsync(reported.Problem, state.Problem).ConfigureAwait(false);
            reported = state;
        }
    }

    private async Task ReportLeaderAsync(LeaderInformation? leader)
    {
        var exception = await CallAsync(() => _listener.OnLeaderChangedAsync(leader, _ended.Token)).ConfigureAwait(false);
        await ReportErrorAsync(null, exception).ConfigureAwait(false);
    }

    private async Task ReportErrorAsync(Exception? before, Exception? now)
    {
        if (now is not null && now != before)
        {
            await CallAsync(() => _listener.OnErrorAsync(now, _ended.Token)).ConfigureAwait(false);
        }
    }

    /// <summary>Calls the listener and returns the exception that it threw.</summary>
    private async Task<Exception?> CallAsync(Func<ValueTask> call)
    {
        if (_ended.IsCancellationRequested)
        {
            return null;
        }

        var began = _timeProvider.GetTimestamp();
        try
        {
            await ListenerCall.MakeAsync(_service, this, call).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception)
        {
            Log.ListenerFailed(_logger, exception, _component);
            return exception;
        }
        finally
        {
            _metrics.ListenerCalled(_timeProvider.GetElapsedTime(began));
        }
    }
}

/// <summary>A call to a listener in progress. It flows with the call, so that a disposal from within is distinguished from one outside.</summary>
/// <remarks>A disposal from within that waited for the call would wait for itself.</remarks>
internal sealed class ListenerCall(object service, ListenerRegistration registration)
{
    private static readonly AsyncLocal<ListenerCall?> Current = new();
    private volatile bool _isOver;

    /// <param name="owner">A service or a registration.</param>
    public static bool IsWithinCallOf(object owner) => Current.Value is { _isOver: false } call && call.IsOf(owner);

    /// <summary>Makes the call. Work that the listener leaves running is no longer within the call once it has returned.</summary>
    public static async Task MakeAsync(object service, ListenerRegistration registration, Func<ValueTask> call)
    {
        var current = new ListenerCall(service, registration);
        Current.Value = current;
        try
        {
            await call().ConfigureAwait(false);
        }
        finally
        {
            current._isOver = true;
        }
    }

    private bool IsOf(object owner) => ReferenceEquals(owner, service) || ReferenceEquals(owner, registration);
}
