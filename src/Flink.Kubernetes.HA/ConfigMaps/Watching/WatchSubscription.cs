namespace Flink.Kubernetes.HA.ConfigMaps.Watching;

/// <summary>One subscriber's view of one object: always the latest state, and never an older one again.</summary>
/// <remarks>It has one reader at a time. States between two reads are skipped, including a deletion: an object that was re-created has
/// another UID.</remarks>
internal sealed class WatchSubscription : IAsyncDisposable
{
    private readonly WatchedObject _object;
    private readonly Func<ValueTask> _unsubscribe;
    private readonly LatestValueReader<WatchState> _states;
    private int _disposed;

    internal WatchSubscription(WatchedObject watched, Func<ValueTask> unsubscribe)
    {
        (_object, _unsubscribe) = (watched, unsubscribe);
        _states = new LatestValueReader<WatchState>(watched.States, this);
    }

    /// <summary>The latest state, or <see langword="null"/> before the first list has succeeded.</summary>
    public Observation? Current => _object.States.Latest.Value?.Observation;

    /// <summary>Why the watch is currently impaired (such as a missing permission), or <see langword="null"/> if it is healthy or has not
    /// begun.</summary>
    public Exception? Failure => _object.States.Latest.Value?.Failure;

    /// <summary>The same with its duration.</summary>
    public LastingFailure? LastingFailure => Failure is { } failure ? new LastingFailure(failure, _object.FailingFor) : null;

    /// <summary>Waits for a state, or for the beginning or end of a failure, that this subscriber has not received yet; a late reader
    /// receives the latest only.</summary>
    /// <remarks>Does not throw while the watch is impaired, but keeps waiting. A canceled read loses nothing.</remarks>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    /// <exception cref="ObjectDisposedException">The subscription or the watches were disposed, before or during the wait.</exception>
    /// <exception cref="InvalidOperationException">Another call is waiting.</exception>
    public ValueTask<WatchState> NextAsync(CancellationToken cancellationToken) => _states.ReadAsync(cancellationToken);

    /// <summary>Lists once more, because something that should have arrived has not: the connection may be hung.</summary>
    /// <returns>Completes when the list has succeeded; what it has found is then in <see cref="Current"/>.</returns>
    public Task RelistAsync() => _object.RelistAsync();

    /// <summary>Unsubscribes. The last subscriber stops the watch and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        await _states.DisposeAsync().ConfigureAwait(false);
        await _unsubscribe().ConfigureAwait(false);
    }
}
