using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.ConfigMaps.Watching;

/// <summary>The self-healing watch of one ConfigMap, Lease or Pod: lists, watches from there, resumes after a connection ends, and lists again after a
/// version has expired.</summary>
/// <remarks>
/// <para>No older state is published after a newer one, although resource versions are opaque and only compared for equality: one
/// loop applies one response after the other; a watch sends only what came after the version from which it resumes; and a list
/// without a resource version is a consistent read of etcd, so no server answers it with an older state than any server's watch
/// has sent before.</para>
/// <para>A list covers everything that was missed: an object that is gone becomes a state without an object, and one that was
/// re-created becomes a state with another UID.</para>
/// </remarks>
internal sealed class ConfigMapWatch(
    ObjectKey key,
    WatchedResource resource,
    bool isMetadataOnly,
    ConfigMapRequests requests,
    WatchSettings settings,
    TimeProvider timeProvider,
    ILogger logger,
    HaMetrics metrics) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly ConfigMapSelection _selection = ConfigMapSelection.Named(key.Name, isMetadataOnly, resource);
    private readonly ConfigMapRequests _lists = requests.WithTimeout(settings.ListTimeout);

    // Longer than a watch takes to open: one that the server does not answer must not count as one that stays open.
    private readonly TimeSpan _settledAfter = settings.SettledAfter > requests.TimeLimit ? settings.SettledAfter : requests.TimeLimit + settings.SettledAfter;
    private Task _loop = Task.CompletedTask;
    private string? _resumeFrom;
    private long _lastArrival;
    private long _sequence;
    private WatchHealth? _health;
    private CancellationTokenSource? _connection;
    private TaskCompletionSource? _relisted;

    /// <summary>The number of subscribers; guarded by the lock of <see cref="SharedWatches"/>.</summary>
    public int Subscribers { get; set; }

    /// <summary>The latest state, and what is wrong with the watch: written by the loop only.</summary>
    public LatestValue<WatchState> States { get; } = new();

    /// <summary>How long ago the failure began that lasts.</summary>
    public TimeSpan FailingFor => Health.FailingFor;

    private WatchHealth Health => _health ??= new WatchHealth(key, settings, timeProvider, logger, failure => Publish(Current with { Failure = failure }));

    private WatchState Current => States.Latest.Value ?? WatchState.Initial;

    public void Start() => _loop = TaskExtensions.RunDetached(RunAsync);

    /// <summary>Lists once more, in place of the connection that is open, which may be hung; what was missed on it is in the list.</summary>
    /// <returns>Completes when the list has succeeded; the same task for all who ask meanwhile.</returns>
    public Task RelistAsync()
    {
        lock (_gate)
        {
            if (_relisted is null)
            {
                _relisted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _ = _connection?.CancelAsync();
            }

            return _relisted.Task;
        }
    }

    /// <summary>Stops the loop and waits for its end; readers end with <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        // Readers end before the loop does: a loop that is slow to end must not publish to them, nor keep them waiting.
        States.Complete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
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
            Log.WatchExpired(logger, resource.Plural, key, _resumeFrom);
            metrics.WatchRestarted(resource.Plural, "expired");
            _resumeFrom = null;
            return Health.EndedEarly();
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            // 4. Any other failure may be temporary. The version to resume from is kept: the next connection continues where this one
            //    stopped, and a deletion or takeover in between is still delivered.
            var delay = Health.Failed(exception);
            Log.WatchBroken(logger, exception, resource.Plural, key, timeProvider.GetElapsedTime(opened), delay);
            metrics.WatchRestarted(resource.Plural, "failed");
            return delay;
        }
    }

    // No page limit: by name there is at most one object.
    private async Task ListAsync(CancellationToken stopping)
    {
        var page = await _lists.ListAsync(key.Namespace, _selection, stopping).ConfigureAwait(false);

        // Taken before the list is applied: who asks from here on may have seen its result, and wants another.
        TaskCompletionSource? relisted;
        lock (_gate)
        {
            (relisted, _relisted) = (_relisted, null);
        }

        // The version of the list, not of the object: it also covers the time in which the object did not exist.
        _resumeFrom = page.ResourceVersion;
        Observe(page.Items.FirstOrDefault(item => item.Key.Name == key.Name), isGapless: false);
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
        Log.WatchOpening(logger, resource.Plural, key, _resumeFrom, asked);

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
            var events = requests.WatchAsync(key.Namespace, _selection, _resumeFrom!, asked, either.Token).GetAsyncEnumerator(either.Token);
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
        Log.WatchEnded(logger, resource.Plural, key, lived, silent);
        metrics.WatchRestarted(resource.Plural, silent ? "silent" : "ended");

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
        if (watchEvent.ConfigMap is { } item && item.Key.Name == key.Name)
        {
            Observe(watchEvent.Type == ConfigMapEventType.Deleted ? null : item, isGapless: true);
        }

        // After the state was published: if anything above threw, the event is delivered again. Bookmarks carry only a version, and keep
        // it from expiring on a quiet object.
        _resumeFrom = string.IsNullOrEmpty(watchEvent.ResourceVersion) ? _resumeFrom : watchEvent.ResourceVersion;
        _lastArrival = timeProvider.GetTimestamp();
        Health.Settled();
    }

    private void Observe(ConfigMap? item, bool isGapless)
    {
        _lastArrival = timeProvider.GetTimestamp();
        var held = Current;
        if (held.Observation is null || !IsSame(held.Observation.ConfigMap, item))
        {
            _sequence += isGapless ? 1 : 2;
            Publish(held with { Observation = new Observation(item, _lastArrival, _sequence) });
        }
    }

    private void Publish(WatchState state) => States.Publish(state);

    // An unchanged state, as from a list after a failure, keeps its timestamp: a lease counts from when its state was first observed.
    private static bool IsSame(ConfigMap? one, ConfigMap? other) =>
        one is null || other is null
            ? one is null && other is null
            : one.Uid == other.Uid && one.ResourceVersion is not null && one.ResourceVersion == other.ResourceVersion;
}

/// <summary>What a watch has to say: the latest state of the object, and what is wrong with the watch itself.</summary>
/// <param name="Observation">The latest state; <see langword="null"/> before the first list has succeeded.</param>
/// <param name="Failure">Why the watch is currently impaired (such as a missing permission).</param>
internal sealed record WatchState(Observation? Observation, Exception? Failure)
{
    public static WatchState Initial { get; } = new(null, null);
}

/// <summary>The state of one ConfigMap as last observed by a watch.</summary>
/// <param name="ConfigMap">The ConfigMap, or <see langword="null"/> if it does not exist.</param>
/// <param name="Timestamp">When it was first observed in this state: a <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="Sequence">One more than that of the state before, if there was no other state of the object between the two.</param>
internal sealed record Observation(ConfigMap? ConfigMap, long Timestamp, long Sequence);
