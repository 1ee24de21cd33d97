namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>One subscriber's view of one object: always the latest state, never an older one again.</summary>
/// <remarks>
/// States and failures are two streams, each read by one reader at a time: <see cref="NextAsync"/> is woken by states only,
/// <see cref="NextFailureAsync"/> by failures and by their end. States between two reads are skipped, a deletion included:
/// an object that was created anew has another UID.
/// </remarks>
internal sealed class WatchSubscription<T> : IAsyncDisposable
    where T : KubeObject
{
    private readonly ObjectWatchLoop<T> _watch;
    private readonly Func<ValueTask> _unsubscribe;
    private readonly LatestValueReader<Observation<T>> _states;
    private readonly LatestValueReader<Exception?> _failures;
    private int _disposed;

    internal WatchSubscription(ObjectWatchLoop<T> watch, Func<ValueTask> unsubscribe)
    {
        (_watch, _unsubscribe) = (watch, unsubscribe);
        _states = new LatestValueReader<Observation<T>>(watch.States, this);
        _failures = new LatestValueReader<Exception?>(watch.Failures, this);
    }

    /// <summary>The latest state, or <see langword="null"/> before the first list has succeeded.</summary>
    public Observation<T>? Current => _watch.States.Latest.Value;

    /// <summary>Why the watch is impaired at the moment (such as a missing permission), or <see langword="null"/> when it is healthy or has not begun.</summary>
    public Exception? Failure => _watch.Failures.Latest.Value;

    /// <summary>Waits for a state that this subscriber has not been given yet; a reader that is late is given the latest only.</summary>
    /// <remarks>It does not throw while the watch is impaired, it waits on. A read that is cancelled loses nothing.</remarks>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="ObjectDisposedException">The subscription or the watches were disposed, also while waiting.</exception>
    /// <exception cref="InvalidOperationException">Another call waits.</exception>
    public ValueTask<Observation<T>> NextAsync(CancellationToken cancellationToken) => _states.ReadAsync(cancellationToken);

    /// <summary>Waits for a change of <see cref="Failure"/> that this subscriber has not been given yet; <see langword="null"/> means that it is over.</summary>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    /// <exception cref="ObjectDisposedException">The subscription or the watches were disposed, also while waiting.</exception>
    /// <exception cref="InvalidOperationException">Another call waits.</exception>
    public ValueTask<Exception?> NextFailureAsync(CancellationToken cancellationToken) => _failures.ReadAsync(cancellationToken);

    /// <summary>Unsubscribes; the last one to do so stops the watch and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _states.DisposeAsync().ConfigureAwait(false);
        await _failures.DisposeAsync().ConfigureAwait(false);
        await _unsubscribe().ConfigureAwait(false);
    }
}
