namespace Flink.Kubernetes.HA.ConfigMaps.Watching;

/// <summary>Broadcasts the latest value to any number of readers. Each sees it at most once; a slow reader does not block the others.</summary>
/// <remarks>Every value has its own slot. A reader waits on the slot that it has read, which completes when it is replaced.</remarks>
internal sealed class LatestValue<T>
{
    private readonly Lock _lock = new();
    private Slot _slot = new();

    /// <summary>The slot of the latest value; it has no value before the first was published.</summary>
    public Slot Latest => Volatile.Read(ref _slot);

    public void Publish(T value) => Replace(_ => new Slot { Value = value, HasValue = true });

    /// <summary>Ends the broadcast: readers get an <see cref="ObjectDisposedException"/>, later values are dropped, and the last value
    /// stays readable.</summary>
    public void Complete() => Replace(last => new Slot { Value = last.Value, HasValue = last.HasValue, IsLast = true });

    private void Replace(Func<Slot, Slot> next)
    {
        Slot replaced;
        lock (_lock)
        {
            replaced = _slot;
            if (replaced.IsLast)
            {
                // Completed: a watch loop that is slow to end may still publish.
                return;
            }

            Volatile.Write(ref _slot, next(replaced));
        }

        // Signaled after the new slot is visible: a reader that wakes finds it. One that reads between the two lines finds the new
        // slot as well, and does not wait on the old one.
        replaced.Replaced.TrySetResult();
    }

    /// <remarks>A slot does not refer to its successor, so that a reader that never reads again does not keep a chain of values alive.</remarks>
    internal sealed class Slot
    {
        public T? Value { get; init; }

        public bool HasValue { get; init; }

        public bool IsLast { get; init; }

        public TaskCompletionSource Replaced { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>One reader of a <see cref="LatestValue{T}"/>: receives each value at most once, and only the latest of several.</summary>
/// <param name="source">The source of the values.</param>
/// <param name="owner">The object that an <see cref="ObjectDisposedException"/> names.</param>
internal sealed class LatestValueReader<T>(LatestValue<T> source, object owner) : IAsyncDisposable
{
    // Never disposed: a read that starts concurrently with the disposal may still link to it. Without a timer it holds no resources.
    private readonly CancellationTokenSource _ended = new();
    private LatestValue<T>.Slot? _given;
    private int _reading;

    /// <summary>Waits for a value that this reader has not received yet.</summary>
    /// <exception cref="OperationCanceledException">The token was canceled; no value is lost.</exception>
    /// <exception cref="ObjectDisposedException">This reader or the source has ended.</exception>
    /// <exception cref="InvalidOperationException">Another read is in progress and would receive this one's value.</exception>
    public async ValueTask<T> ReadAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _reading, 1) == 1)
        {
            throw new InvalidOperationException("Another read of this subscription is in progress: await or cancel it first.");
        }

        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();

                // Read once per iteration. A value that is published from here on completes this very slot, so the wait below cannot
                // miss it.
                var slot = source.Latest;
                ObjectDisposedException.ThrowIf(_ended.IsCancellationRequested || slot.IsLast, owner);

                if (slot.HasValue && slot != _given)
                {
                    _given = slot;
                    return slot.Value!;
                }

                await WaitAsync(slot, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }

    /// <summary>Ends this reader; a waiting read throws <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync() => await _ended.CancelAsync().ConfigureAwait(false);

    // WaitAsync on the token, and not WhenAny on tasks: it leaves no continuation behind on a slot that is current for a long time.
    private async Task WaitAsync(LatestValue<T>.Slot slot, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        try
        {
            await slot.Replaced.Task.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The loop of ReadAsync distinguishes the caller's cancellation from the end of the reader.
        }
    }
}
