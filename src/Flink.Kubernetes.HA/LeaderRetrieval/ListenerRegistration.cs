using Flink.Kubernetes.HA.Diagnostics;
using Flink.Kubernetes.HA.KubeClient.Watching;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderRetrieval;

/// <summary>Calls one listener, one call at a time, until it is disposed.</summary>
internal sealed class ListenerRegistration : IAsyncDisposable
{
    private readonly object _service;
    private readonly LeaderComponent _component;
    private readonly ILeaderRetrievalListener _listener;
    private readonly LatestValueReader<RetrievalState> _states;
    private readonly Action<ListenerRegistration> _forget;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly HaMetrics _metrics;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _telling;

    public ListenerRegistration(
        object service,
        LeaderComponent component,
        ILeaderRetrievalListener listener,
        LatestValue<RetrievalState> states,
        Action<ListenerRegistration> forget,
        TimeProvider timeProvider,
        ILogger logger,
        HaMetrics metrics)
    {
        (_service, _component, _listener, _forget) = (service, component, listener, forget);
        (_timeProvider, _logger, _metrics) = (timeProvider, logger, metrics);
        _states = new LatestValueReader<RetrievalState>(states, this);
        _telling = DetachedTask.Run(TellAsync);
    }

    public ValueTask DisposeAsync() => EndAsync(wait: !ListenerCall.IsWithinCallOf(this));

    /// <summary>Ends the calls; waits for the one under way unless that is where it is asked from.</summary>
    public async ValueTask EndAsync(bool wait)
    {
        _forget(this);
        await _states.DisposeAsync().ConfigureAwait(false);

        // What the listener has registered on the token may throw: that is the listener's matter.
        await _ended.CancelAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (wait)
        {
            await _telling.ConfigureAwait(false);
        }
    }

    private async Task TellAsync()
    {
        var told = RetrievalState.Initial;
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

            if (state.IsKnown && (!told.IsKnown || told.Leader != state.Leader))
            {
                await TellLeaderAsync(state.Leader).ConfigureAwait(false);
            }

            await TellErrorAsync(told.WatchFailure, state.WatchFailure).ConfigureAwait(false);
            await TellErrorAsync(told.Problem, state.Problem).ConfigureAwait(false);
            told = state;
        }
    }

    private async Task TellLeaderAsync(LeaderInformation? leader)
    {
        var exception = await CallAsync(() => _listener.OnLeaderChangedAsync(leader, _ended.Token)).ConfigureAwait(false);
        await TellErrorAsync(null, exception).ConfigureAwait(false);
    }

    private async Task TellErrorAsync(Exception? before, Exception? now)
    {
        if (now is not null && now != before)
        {
            await CallAsync(() => _listener.OnErrorAsync(now, _ended.Token)).ConfigureAwait(false);
        }
    }

    /// <summary>Returns what the listener threw.</summary>
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
