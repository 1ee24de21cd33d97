using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>The self-healing watch of one object: list, watch from there, resume what ends, list again what has expired.</summary>
/// <remarks>
/// <para>Resource versions are opaque: they are compared for equality and handed back, never ordered. Order is safe all the
/// same. One loop applies one answer after the other; a watch tells only what came after the version that it resumes from;
/// and a list, which names no resource version, is a consistent read of etcd: no server can answer it with less than any
/// server's watch has told before. So no older state follows a newer one.</para>
/// <para>A list stands for whatever was missed: an object that is gone becomes a state without an object, and one that was
/// created anew a state with another UID.</para>
/// <para>It relies on <see cref="IKubeClient"/> to end a cancelled call.</para>
/// </remarks>
internal sealed class ObjectWatchLoop<T>(
    KubeResource<T> resource, ObjectKey key, IKubeClient client, WatchSettings settings, TimeProvider timeProvider, ILogger logger, HaMetrics metrics) : ObjectWatch
    where T : KubeObject
{
    private readonly CancellationTokenSource _stop = new();
    private readonly WatchHealth _health = new(resource.ToString(), key, settings, logger);
    private readonly string _fieldSelector = $"metadata.name={key.Name}";
    private readonly string _resourceName = resource.ToString();
    private Task _loop = Task.CompletedTask;
    private string? _resumeFrom;
    private long _lastArrival;

    public LatestValue<Observation<T>> States { get; } = new();

    public LatestValue<Exception?> Failures => _health.Failures;

    public override void Start() => _loop = DetachedTask.Run(RunAsync);

    public override async ValueTask DisposeAsync()
    {
        States.Complete();
        Failures.Complete();
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
            // The end, whatever the call under way made of its cancellation.
        }
    }

    /// <summary>Lists if need be, holds one connection to its end, and returns the delay before the next.</summary>
    private async Task<TimeSpan> RunOnceAsync(CancellationToken stopping)
    {
        var opened = timeProvider.GetTimestamp();
        try
        {
            if (_resumeFrom is null || timeProvider.GetElapsedTime(_lastArrival) >= settings.RelistAfter)
            {
                await ListAsync(stopping).ConfigureAwait(false);
            }

            return await ConnectAsync(stopping).ConfigureAwait(false);
        }
        catch (KubeClientException exception) when (exception.Failure == KubeFailure.Gone && !stopping.IsCancellationRequested)
        {
            Log.WatchExpired(logger, _resourceName, key, _resumeFrom);
            metrics.WatchRestarted(_resourceName, "expired");
            _resumeFrom = null;
            return _health.EndedEarly();
        }
        catch (Exception exception) when (!stopping.IsCancellationRequested)
        {
            var delay = _health.Failed(exception);
            Log.WatchBroken(logger, exception, _resourceName, key, timeProvider.GetElapsedTime(opened), delay);
            metrics.WatchRestarted(_resourceName, "failed");
            return delay;
        }
    }

    // No page limit: by name there is at most one object.
    private async Task ListAsync(CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(settings.ListTimeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, limit.Token);
        KubeList<T> list;
        try
        {
            list = await client.ListAsync(resource, key.Namespace, new ListOptions { FieldSelector = _fieldSelector }, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested && !stopping.IsCancellationRequested)
        {
            throw new KubeClientException(KubeFailure.Timeout, $"Listing {_resourceName} {key} took longer than {settings.ListTimeout}.", exception) { Verb = "list", Resource = _resourceName };
        }

        _resumeFrom = !string.IsNullOrEmpty(list.ResourceVersion) ? list.ResourceVersion : throw new KubeClientException(
            KubeFailure.UnexpectedResponse, $"The list of {_resourceName} {key} has no resource version, so that it can't be watched on.") { Verb = "list", Resource = _resourceName };
        Observe(list.Items.FirstOrDefault(item => item.Metadata.Name == key.Name));
        _health.Listed();
    }

    private async Task<TimeSpan> ConnectAsync(CancellationToken stopping)
    {
        var opened = timeProvider.GetTimestamp();
        var asked = settings.NextConnectionTime();
        var options = new WatchOptions { FieldSelector = _fieldSelector, ResourceVersion = _resumeFrom, Timeout = asked };
        Log.WatchOpening(logger, _resourceName, key, _resumeFrom, asked);

        // The server ends every connection at the time asked: one that stands longer leads nowhere. Pings find most of those sooner.
        using var limit = new CancellationTokenSource(asked + settings.SilenceSlack, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, limit.Token);
        var brought = false;
        var silent = false;
        try
        {
            var events = client.WatchAsync(resource, key.Namespace, options, either.Token).GetAsyncEnumerator(either.Token);
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
            silent = true;
        }

        stopping.ThrowIfCancellationRequested();
        var lived = timeProvider.GetElapsedTime(opened);
        Log.WatchEnded(logger, _resourceName, key, lived, silent);
        metrics.WatchRestarted(_resourceName, silent ? "silent" : "ended");

        // A server or proxy that ends each connection at once must not be asked in a tight loop.
        if (!brought && lived < settings.SettledAfter)
        {
            return _health.EndedEarly();
        }

        _health.Settled();
        return TimeSpan.Zero;
    }

    /// <summary>Moves on; after a failure it also notices that the connection stands although nothing arrives.</summary>
    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<WatchEvent<T>> events, CancellationToken cancellationToken)
    {
        var next = events.MoveNextAsync();
        if (!_health.IsInDoubt || next.IsCompleted)
        {
            return await next.ConfigureAwait(false);
        }

        var pending = next.AsTask();
        using var waited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var settled = Task.Delay(settings.SettledAfter, timeProvider, waited.Token);
        if (await Task.WhenAny(pending, settled).ConfigureAwait(false) == settled && settled.IsCompletedSuccessfully)
        {
            _health.Settled();
        }

        await waited.CancelAsync().ConfigureAwait(false);
        return await pending.ConfigureAwait(false);
    }

    private void Apply(WatchEvent<T> watchEvent)
    {
        var item = watchEvent.Object;
        if (watchEvent.Type != WatchEventType.Bookmark && item.Metadata.Name == key.Name)
        {
            Observe(watchEvent.Type == WatchEventType.Deleted ? null : item);
        }

        _resumeFrom = string.IsNullOrEmpty(item.Metadata.ResourceVersion) ? _resumeFrom : item.Metadata.ResourceVersion;
        _lastArrival = timeProvider.GetTimestamp();
        _health.Settled();
    }

    private void Observe(T? item)
    {
        _lastArrival = timeProvider.GetTimestamp();
        var held = States.Latest;
        if (!held.HasValue || !IsSame(held.Value!.Object, item))
        {
            States.Publish(new Observation<T>(item, _lastArrival));
        }
    }

    // The same state keeps its old timestamp: a lease is counted from when the state was first seen.
    private static bool IsSame(T? one, T? other) =>
        one is null || other is null
            ? one is null && other is null
            : one.Metadata.Uid == other.Metadata.Uid && one.Metadata.ResourceVersion is not null && one.Metadata.ResourceVersion == other.Metadata.ResourceVersion;
}
