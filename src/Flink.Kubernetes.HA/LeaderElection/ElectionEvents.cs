using System.Threading.Channels;
using Flink.Kubernetes.HA.ConfigMaps;
using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.LeaderElection;

/// <summary>Tells of the terms of this process in Events of Kubernetes, as client-go does: <c>kubectl describe configmap</c> shows them.</summary>
/// <remarks>A convenience: no term waits for one, one request is under way at a time, and what cannot be sent is dropped.</remarks>
internal sealed class ElectionEvents : IAsyncDisposable
{
    private const int MostWaiting = 256;

    /// <summary>For how long nothing is sent after the server has refused one.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(10);

    /// <summary>The last ones, of terms that end with the process, are waited for so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Channel<ElectionEvent> _waiting = Channel.CreateBounded<ElectionEvent>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly CancellationTokenSource _stop = new();
    private readonly ConfigMapRequests _requests;
    private readonly string _identity;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Lazy<Task> _loop;
    private long? _silentSince;

    public ElectionEvents(ConfigMapRequests requests, string identity, TimeSpan timeout, TimeProvider timeProvider, ILogger logger)
    {
        (_requests, _identity, _timeProvider, _logger) = (requests.WithTimeout(timeout), identity, timeProvider, logger);
        _loop = new Lazy<Task>(() => TaskExtensions.RunDetached(SendAsync));
    }

    public void BecameLeader(ObjectKey configMap, string? uid) => Post(configMap, uid, isWarning: false, $"{_identity} became leader");

    public void StoppedLeading(ObjectKey configMap, string? uid, LeadershipLossReason reason) => Post(
        configMap,
        uid,
        isWarning: reason != LeadershipLossReason.Released,
        reason == LeadershipLossReason.Released ? $"{_identity} stopped leading" : $"{_identity} lost the leadership: {reason}");

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        if (_loop.IsValueCreated)
        {
            await _loop.Value.EndsWithinAsync(Patience, _timeProvider, CancellationToken.None).ConfigureAwait(false);
            await _stop.CancelAsync().ConfigureAwait(false);
            await _loop.Value.ConfigureAwait(false);
        }
    }

    private void Post(ObjectKey configMap, string? uid, bool isWarning, string message)
    {
        if (_waiting.Writer.TryWrite(new ElectionEvent(configMap, uid, isWarning, message, _timeProvider.GetUtcNow())))
        {
            _ = _loop.Value;
        }
    }

    private async Task SendAsync()
    {
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (_waiting.Reader.TryRead(out var next))
            {
                if (!_stop.IsCancellationRequested && (_silentSince is not { } since || _timeProvider.GetElapsedTime(since) >= Silence))
                {
                    await SendAsync(next).ConfigureAwait(false);
                }
            }
        }
    }

#pragma warning disable CA1031 // Nothing depends on an Event.
    private async Task SendAsync(ElectionEvent next)
    {
        try
        {
            await _requests.CreateEventAsync(next, _identity, _stop.Token).ConfigureAwait(false);
            _silentSince = null;
        }
        catch (KubernetesHaException exception) when (exception.Failure is KubernetesFailure.Forbidden or KubernetesFailure.NotFound)
        {
            // Not permitted, or not served: asked again after a long time only, and said once.
            if (_silentSince is null)
            {
                Log.EventRefused(_logger, exception.Message);
            }

            _silentSince = _timeProvider.GetTimestamp();
        }
        catch (Exception)
        {
        }
    }
#pragma warning restore CA1031
}
