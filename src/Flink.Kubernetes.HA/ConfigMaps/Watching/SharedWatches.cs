using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.ConfigMaps.Watching;

/// <summary>The watches of the process: one self-healing watch per object, shared by all its subscribers.</summary>
internal sealed class SharedWatches(
    ConfigMapRequests requests, TimeProvider timeProvider, ILoggerFactory loggerFactory, HaMetrics metrics, WatchSettings? settings = null) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(ObjectKey Key, WatchedResource Resource, bool IsMetadataOnly), ConfigMapWatch> _watches = [];
    private readonly HashSet<ConfigMapWatch> _running = [];
    private readonly ILogger _logger = loggerFactory.CreateLogger<SharedWatches>();
    private bool _disposed;

    /// <summary>Subscribes to one object; its watch runs while there is a subscriber.</summary>
    /// <exception cref="ObjectDisposedException">The watches were disposed.</exception>
    public WatchSubscription Subscribe(ObjectKey key, bool isMetadataOnly = true, WatchedResource? resource = null)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            key.ThrowIfInvalid();
            var watchKey = (key, Resource: resource ?? WatchedResource.ConfigMaps, isMetadataOnly);
            if (!_watches.TryGetValue(watchKey, out var watch))
            {
                watch = new ConfigMapWatch(key, watchKey.Resource, isMetadataOnly, requests, settings ?? WatchSettings.Default, timeProvider, _logger, metrics);
                _watches.Add(watchKey, watch);
                _running.Add(watch);
                watch.Start();
            }

            // Counted under the lock under which the last subscriber removes the watch: nobody gets one that is about to be stopped.
            watch.Subscribers++;
            return new WatchSubscription(watch, () => UnsubscribeAsync(watchKey, watch));
        }
    }

    /// <summary>Stops all watches and waits for their end; pending reads throw an <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        ConfigMapWatch[] watches;
        lock (_lock)
        {
            _disposed = true;
            watches = [.. _running];
        }

        await Task.WhenAll(watches.Select(watch => watch.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    private async ValueTask UnsubscribeAsync((ObjectKey Key, WatchedResource Resource, bool IsMetadataOnly) watchKey, ConfigMapWatch watch)
    {
        lock (_lock)
        {
            if (--watch.Subscribers > 0)
            {
                return;
            }

            // Removed before it is stopped, so that the next subscriber starts a new watch instead of waiting for the end of this one.
            _watches.Remove(watchKey);
        }

        // It stays among the running ones until it has ended: a concurrent disposal of all watches waits for this one too.
        await watch.DisposeAsync().ConfigureAwait(false);
        lock (_lock)
        {
            _running.Remove(watch);
        }
    }
}
