using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.ConfigMaps.Watching;

/// <summary>A self-healing watch of one ConfigMap, Lease or Pod, or of all ConfigMaps with some labels: lists, watches from there, resumes after a
/// connection ends, and lists again after a version has expired.</summary>
/// <remarks>
/// <para>No older state is reported after a newer one, although resource versions are opaque and only compared for equality: one
/// loop applies one response after the other; a watch sends only what came after the version from which it resumes; and a list
/// without a resource version is a consistent read of etcd, so no server answers it with an older state than any server's watch
/// has sent before.</para>
/// <para>A list covers everything that was missed: an object that is gone is not in it, and one that was re-created has another UID.</para>
/// </remarks>
/// <param name="namespaceName">The namespace.</param>
/// <param name="target">What is watched, as messages name it.</param>
/// <param name="selection">The same for the server.</param>
/// <param name="reader">Takes what the watch finds, in its loop.</param>
/// <param name="requests">The requests.</param>
/// <param name="settings">The timing.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="logger">The logger.</param>
/// <param name="metrics">The instruments.</param>
internal sealed class ConfigMapWatch(
    string namespaceName,
    object target,
    ConfigMapSelection selection,
    IWatchReader reader,
    ConfigMapRequests requests,
    WatchSettings settings,
    TimeProvider timeProvider,
    ILogger logger,
    HaMetrics metrics) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly WatchedResource _resource = selection.Resource;
    private readonly ConfigMapRequests _lists = requests.WithTimeout(settings.ListTimeout);

    // Longer than a watch takes to open: one that the server does not answer must not count as one that stays open.
    private readonly TimeSpan _settledAfter = settings.SettledAfter > requests.TimeLimit ? settings.SettledAfter : requests.TimeLimit + settings.SettledAfter;
    private Task _loop = Task.CompletedTask;
    private string? _resumeFrom;
    private long _lastArrival;
    private WatchHealth? _health;
    private CancellationTokenSource? _connection;
    private TaskCompletionSource? _relisted;
    private bool _hasEnded;

    /// <summary>How long ago the failure began that lasts.</summary>
    public TimeSpan FailingFor => Health.FailingFor;

    private WatchHealth Health => _health ??= new WatchHealth(target, settings, timeProvider, logger, failure => reader.Failed(this, failure));

    public void Start() => _loop = TaskExtensions.RunDetached(RunAsync);

    /// <summary>Lists once more, in place of the connection that is open, which may be hung; what was missed on it is in the list.</summary>
    /// <returns>Completes when the list has succeeded, or the watch has ended; the same task for all who ask meanwhile.</returns>
    public Task RelistAsync()
    {
        lock (_gate)
        {
            if (_relisted is null)
            {
                if (_hasEnded)
                {
                    return Task.CompletedTask;
                }

                _relisted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _ = _connection?.CancelAsync();
            }

            return _relisted.Task;
        }
    }

    /// <summary>Stops the loop and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        TaskCompletionSource? relisted;
        lock (_gate)
        {
            (_hasEnded, relisted) = (true, _relisted);
        }

        relisted?.TrySetResult();
    }

    private async Task RunAsync()
    {
        var stopping = _stop.Token;
        try
        {
            while (!stopping.IsCancellationRequested)
            {
                var delay = await RunOnceAsync(stopping).ConfigureAwait(false);
                if (delay > TimeSpan.Zero)
                {
                    await Task.Delay(delay, timeProvider, stopping).ConfigureAwait(false);
                }
            }
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The end, whatever exception the call in progress turned the cancellation into.
        }
    }

    /// <summary>Lists if necessary, reads one connection to its end, and returns the delay before the next.</summary>
    private async Task<TimeSpan> RunOnceAsync(CancellationToken stopping)
    {
        var opened = timeProvider.GetTimestamp();
        try
        {
            // 1. List if there is no version to resume from, or after a long silence. A server that was restored from a backup is
            //    behind our version: it accepts a watch from a version in its future and sends nothing until it gets there. Or because a
            //    reader has missed something that it waits for.
            if (_resumeFrom is null || IsRelistWanted() || timeProvider.GetElapsedTime(_lastArrival) >= settings.RelistAfter)
            {
                await ListAsync(stopping).ConfigureAwait(false);
            }

            // 2. Watch from the version of the list or of the last event, so that nothing is missed in between.
            return await ConnectAsync(stopping).ConfigureAwait(false);
        }
        catch (KubernetesHaException exception) when (exception.Failure == KubernetesFailure.Gone && !stopping.IsCancellationRequested)
        {
            // 3. The server has compacted the changes since our version. They cannot be replayed; the next list contains their result.
            Log.WatchExpired(logger, _resource.Plural, target, _resumeFrom);
            metrics.WatchRestarted(_resource.Plural, "expired");
            _resumeFrom = null;
            return Health.EndedEarly();
        }
        catch (KubernetesHaException exception) when (
            exception.Failure == KubernetesFailure.Forbidden && !stopping.IsCancellationRequested && reader.IsEndedBy(this, exception))
        {
            // 4. The reader gets it in another way.
            await _stop.CancelAsync().ConfigureAwait(false);
            return TimeSpan.Zero;
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            // 5. Any other failure may be temporary. The version to resume from is kept: the next connection continues where this one
            //    stopped, and a deletion or takeover in between is still delivered.
            var delay = Health.Failed(exception);
            Log.WatchBroken(logger, exception, _resource.Plural, target, timeProvider.GetElapsedTime(opened), delay);
            metrics.WatchRestarted(_resource.Plural, "failed");
            return delay;
        }
    }

    private async Task ListAsync(CancellationToken stopping)
    {
        // All pages are of one state, that of the first; if it is compacted meanwhile, the server answers 410 and the list begins again.
        var page = await _lists.ListAsync(namespaceName, selection, stopping).ConfigureAwait(false);
        var (items, resourceVersion) = (page.Items.ToList(), page.ResourceVersion);
        while (page.Continue is not null)
        {
            page = await _lists.ListAsync(namespaceName, selection with { Continue = page.Continue }, stopping).ConfigureAwait(false);
            items.AddRange(page.Items);
        }

        // Taken before the list is applied: who asks from here on may have seen its result, and wants another.
        TaskCompletionSource? relisted;
        lock (_gate)
        {
            (relisted, _relisted) = (_relisted, null);
        }

        // The version of the list, not of an object: it also covers the time in which the object did not exist.
        _resumeFrom = resourceVersion;
        _lastArrival = timeProvider.GetTimestamp();
        reader.Listed(this, items, _lastArrival);
        Health.Listed();
        relisted?.TrySetResult();
    }

    private bool IsRelistWanted()
    {
        lock (_gate)
        {
            return _relisted is not null;
        }
    }

    private async Task<TimeSpan> ConnectAsync(CancellationToken stopping)
    {
        var opened = timeProvider.GetTimestamp();
        var asked = settings.NextConnectionTime();
        Log.WatchOpening(logger, _resource.Plural, target, _resumeFrom, asked);

        // The server ends every connection after the requested time. One that lasts longer is half-open: the peer is gone without a
        // FIN or RST, and the read would wait for ever. (HTTP/2 pings find most of those sooner.)
        using var limit = new CancellationTokenSource(asked + settings.SilenceSlack, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, limit.Token);
        lock (_gate)
        {
            if (_relisted is not null)
            {
                // Asked for since the last list.
                return TimeSpan.Zero;
            }

            _connection = limit;
        }

        var brought = false;
        var silent = false;
        try
        {
            var events = requests.WatchAsync(namespaceName, selection, _resumeFrom!, asked, either.Token).GetAsyncEnumerator(either.Token);
            await using (events.ConfigureAwait(false))
            {
                while (await MoveNextAsync(events, either.Token).ConfigureAwait(false))
                {
                    Apply(events.Current);
                    brought = true;
                }
            }
        }
        catch (Exception) when (limit.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            // Not a failure: what was missed on the half-open connection is delivered from the same version by the next one.
            silent = true;
        }
        finally
        {
            lock (_gate)
            {
                _connection = null;
            }
        }

        stopping.ThrowIfCancellationRequested();
        var lived = timeProvider.GetElapsedTime(opened);
        Log.WatchEnded(logger, _resource.Plural, target, lived, silent);
        metrics.WatchRestarted(_resource.Plural, silent ? "silent" : "ended");

        // A server or proxy that ends each connection at once must not be called in a tight loop.
        if (!brought && lived < settings.SettledAfter)
        {
            return Health.EndedEarly();
        }

        Health.Settled();
        return TimeSpan.Zero;
    }

    /// <summary>Moves to the next event. After a failure, also reports recovery if the connection stays open although nothing arrives.</summary>
    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<ConfigMapEvent> events, CancellationToken cancellationToken)
    {
        var next = events.MoveNextAsync();
        if (!Health.IsInDoubt || next.IsCompleted)
        {
            return await next.ConfigureAwait(false);
        }

        var pending = next.AsTask();
        using var waited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var settled = Task.Delay(_settledAfter, timeProvider, waited.Token);
        if (await Task.WhenAny(pending, settled).ConfigureAwait(false) == settled && settled.IsCompletedSuccessfully)
        {
            Health.Settled();
        }

        await waited.CancelAsync().ConfigureAwait(false);
        return await pending.ConfigureAwait(false);
    }

    private void Apply(ConfigMapEvent watchEvent)
    {
        _lastArrival = timeProvider.GetTimestamp();
        if (watchEvent.ConfigMap is { } item)
        {
            reader.Changed(this, item, watchEvent.Type == ConfigMapEventType.Deleted, _lastArrival);
        }

        // After the state was published: if anything above threw, the event is delivered again. Bookmarks carry only a version, and keep
        // it from expiring on a quiet object.
        _resumeFrom = string.IsNullOrEmpty(watchEvent.ResourceVersion) ? _resumeFrom : watchEvent.ResourceVersion;
        Health.Settled();
    }
}

/// <summary>Takes what a watch finds: one call at a time, and perhaps one more after the watch was disposed.</summary>
internal interface IWatchReader
{
    /// <summary>Takes all objects that there are, after which changes may have been missed.</summary>
    void Listed(ConfigMapWatch watch, IReadOnlyList<ConfigMap> items, long timestamp);

    /// <summary>Takes the next change, after which none was missed.</summary>
    void Changed(ConfigMapWatch watch, ConfigMap item, bool isDeleted, long timestamp);

    /// <summary>Takes why the watch is impaired; <see langword="null"/> when it no longer is.</summary>
    void Failed(ConfigMapWatch watch, Exception? failure);

    /// <summary>Returns whether the reader does without the watch from now on, because it is not permitted.</summary>
    bool IsEndedBy(ConfigMapWatch watch, KubernetesHaException refusal);
}
