using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>The process's watches: one self-healing watch per object, however many subscribe to it.</summary>
internal sealed class SharedWatches(IKubeClient client, TimeProvider timeProvider, ILoggerFactory loggerFactory, HaMetrics metrics, WatchSettings? settings = null) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Resource, bool IsMetadataOnly, ObjectKey Key), ObjectWatch> _watches = [];
    private readonly HashSet<ObjectWatch> _running = [];
    private readonly ILogger _logger = loggerFactory.CreateLogger<SharedWatches>();
    private bool _disposed;

    /// <summary>Subscribes to one object; the watch runs while anyone subscribes.</summary>
    /// <exception cref="ObjectDisposedException">The watches were disposed.</exception>
    public WatchSubscription<T> Subscribe<T>(KubeResource<T> resource, ObjectKey key)
        where T : KubeObject
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var watchKey = (resource.ToString(), resource.IsMetadataOnly, key);
            if (!_watches.TryGetValue(watchKey, out var watch))
            {
                watch = new ObjectWatchLoop<T>(resource, key, client, settings ?? WatchSettings.Default, timeProvider, _logger, metrics);
                _watches.Add(watchKey, watch);
                _running.Add(watch);
                watch.Start();
            }

            watch.Subscribers++;
            return new WatchSubscription<T>((ObjectWatchLoop<T>)watch, () => UnsubscribeAsync(watchKey, watch));
        }
    }

    /// <summary>Stops all watches and waits for their end; whoever waits for a state gets <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        ObjectWatch[] watches;
        lock (_lock)
        {
            _disposed = true;
            watches = [.. _running];
        }

        await Task.WhenAll(watches.Select(watch => watch.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    private async ValueTask UnsubscribeAsync((string Resource, bool IsMetadataOnly, ObjectKey Key) watchKey, ObjectWatch watch)
    {
        lock (_lock)
        {
            if (--watch.Subscribers > 0)
            {
                return;
            }

            _watches.Remove(watchKey);
        }

        // Until it has ended it counts as running: whoever disposes all watches meanwhile waits for it too.
        await watch.DisposeAsync().ConfigureAwait(false);
        lock (_lock)
        {
            _running.Remove(watch);
        }
    }
}
