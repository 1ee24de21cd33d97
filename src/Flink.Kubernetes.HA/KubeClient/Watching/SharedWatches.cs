namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>The process's watches: one self-healing watch per object, however many subscribe to it.</summary>
internal sealed class SharedWatches : IAsyncDisposable
{
    /// <summary>Subscribes to one object; the watch runs while anyone subscribes.</summary>
    public WatchSubscription<T> Subscribe<T>(KubeResource<T> resource, ObjectKey key)
        where T : KubeObject => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
