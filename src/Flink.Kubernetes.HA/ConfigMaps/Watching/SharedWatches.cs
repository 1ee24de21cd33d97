using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.ConfigMaps.Watching;

/// <summary>The watches of the process, self-healing and shared by all subscribers: one per object, or one by label for many ConfigMaps.</summary>
/// <param name="requests">The requests.</param>
/// <param name="timeProvider">The clock.</param>
/// <param name="loggerFactory">The loggers.</param>
/// <param name="metrics">The instruments.</param>
/// <param name="settings">The timing.</param>
/// <param name="labelSelector">Selects the ConfigMaps of the cluster, to which all belong that are subscribed to by their metadata;
/// <see langword="null"/> to watch each by name.</param>
internal sealed class SharedWatches(
    ConfigMapRequests requests,
    TimeProvider timeProvider,
    ILoggerFactory loggerFactory,
    HaMetrics metrics,
    WatchSettings? settings = null,
    string? labelSelector = null) : IAsyncDisposable
{
    private readonly Dictionary<(ObjectKey Key, WatchedResource Resource, bool IsMetadataOnly), WatchedObject> _objects = [];
    private readonly Dictionary<string, ClusterWatch> _clusters = [];
    private readonly HashSet<ConfigMapWatch> _running = [];
    private readonly ILogger _logger = loggerFactory.CreateLogger<SharedWatches>();
    private readonly WatchSettings _settings = settings ?? WatchSettings.Default;
    private bool _disposed;

    /// <summary>The lock of all that is shared here; nothing is waited for under it.</summary>
    public Lock Gate { get; } = new();

    /// <summary>Now.</summary>
    public long Timestamp => timeProvider.GetTimestamp();

    /// <summary>Subscribes to one object; it is watched while there is a subscriber.</summary>
    /// <exception cref="ObjectDisposedException">The watches were disposed.</exception>
    public WatchSubscription Subscribe(ObjectKey key, bool isMetadataOnly = true, WatchedResource? resource = null)
    {
        lock (Gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            key.ThrowIfInvalid();
            var objectKey = (key, Resource: resource ?? WatchedResource.ConfigMaps, isMetadataOnly);
            if (!_objects.TryGetValue(objectKey, out var watched))
            {
                _objects.Add(objectKey, watched = new WatchedObject(key, objectKey.Resource, isMetadataOnly, this));
                watched.Begin(isMetadataOnly && objectKey.Resource == WatchedResource.ConfigMaps ? ClusterOf(key.Namespace) : null);
            }

            // Counted under the lock under which the last subscriber ends it: nobody gets one that is about to be ended.
            watched.Subscribers++;
            return new WatchSubscription(watched, () => UnsubscribeAsync(objectKey, watched));
        }
    }

    /// <summary>Opens a watch; under the lock.</summary>
    public ConfigMapWatch Open(string namespaceName, object target, ConfigMapSelection selection, IWatchReader reader)
    {
        var watch = new ConfigMapWatch(namespaceName, target, selection, reader, requests, _settings, timeProvider, _logger, metrics);
        if (!_disposed)
        {
            _running.Add(watch);
            watch.Start();
        }

        return watch;
    }

    /// <summary>Closes a watch in the background.</summary>
    public void CloseLater(ConfigMapWatch watch) => _ = TaskExtensions.RunDetached(() => CloseAsync(watch));

    /// <summary>Stops all watches and waits for their end; pending reads throw an <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        ConfigMapWatch[] watches;
        lock (Gate)
        {
            _disposed = true;
            watches = [.. _running];
            foreach (var watched in _objects.Values)
            {
                watched.States.Complete();
            }
        }

        await Task.WhenAll(watches.Select(watch => watch.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    private ClusterWatch? ClusterOf(string namespaceName)
    {
        if (labelSelector is null)
        {
            return null;
        }

        if (!_clusters.TryGetValue(namespaceName, out var cluster))
        {
            _clusters.Add(namespaceName, cluster = new ClusterWatch(namespaceName, labelSelector, this, _settings, _logger));
        }

        return cluster;
    }

    private async ValueTask UnsubscribeAsync((ObjectKey Key, WatchedResource Resource, bool IsMetadataOnly) objectKey, WatchedObject watched)
    {
        ConfigMapWatch[] ended;
        lock (Gate)
        {
            if (--watched.Subscribers > 0)
            {
                return;
            }

            // Removed before its watch is stopped, so that the next subscriber starts a new one instead of waiting for the end of this one.
            _objects.Remove(objectKey);
            ended = [.. watched.End()];
        }

        foreach (var watch in ended)
        {
            await CloseAsync(watch).ConfigureAwait(false);
        }
    }

    private async Task CloseAsync(ConfigMapWatch watch)
    {
        // It stays among the running ones until it has ended: a concurrent disposal of all watches waits for this one too.
        await watch.DisposeAsync().ConfigureAwait(false);
        lock (Gate)
        {
            _running.Remove(watch);
        }
    }
}
