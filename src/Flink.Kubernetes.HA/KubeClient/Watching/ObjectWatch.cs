namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>A running watch as <see cref="SharedWatches"/> keeps it: counted, and stopped with its last subscriber.</summary>
internal abstract class ObjectWatch : IAsyncDisposable
{
    /// <summary>Guarded by the lock of <see cref="SharedWatches"/>.</summary>
    public int Subscribers { get; set; }

    public abstract void Start();

    /// <summary>Stops the loop and waits for its end; readers end with <see cref="ObjectDisposedException"/>.</summary>
    public abstract ValueTask DisposeAsync();
}
