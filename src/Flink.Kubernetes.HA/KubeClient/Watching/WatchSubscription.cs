namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>One subscriber's view of one object: always the latest state, never an older one again.</summary>
internal sealed class WatchSubscription<T> : IAsyncDisposable
    where T : KubeObject
{
    /// <summary>The latest state, or <see langword="null"/> before the first list has succeeded.</summary>
    public Observation<T>? Current { get; }

    /// <summary>Why the watch is impaired at the moment (such as a missing permission), or <see langword="null"/> when it is healthy or has not begun.</summary>
    public Exception? Failure { get; }

    /// <summary>Waits for a state or failure that this subscriber has not been given yet; a reader that is late is given the latest only.</summary>
    public ValueTask<Observation<T>> NextAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
