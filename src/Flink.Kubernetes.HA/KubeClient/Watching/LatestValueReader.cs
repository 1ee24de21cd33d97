namespace Flink.Kubernetes.HA.KubeClient.Watching;

/// <summary>One reader of a <see cref="LatestValue{T}"/>: it is given each value at most once, and of several only the latest.</summary>
/// <param name="source">Where the values come from.</param>
/// <param name="owner">What <see cref="ObjectDisposedException"/> names.</param>
internal sealed class LatestValueReader<T>(LatestValue<T> source, object owner) : IAsyncDisposable
{
    // Never disposed: a read that begins during the end may still link to it, and without a timer it holds nothing.
    private readonly CancellationTokenSource _ended = new();
    private LatestValue<T>.Slot? _given;
    private int _reading;

    /// <summary>Waits for a value that was not given yet.</summary>
    /// <exception cref="OperationCanceledException">The token fired; no value is lost by that.</exception>
    /// <exception cref="ObjectDisposedException">This reader or the source has ended.</exception>
    /// <exception cref="InvalidOperationException">Another read is under way: it would take this one's value.</exception>
    public async ValueTask<T> ReadAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _reading, 1) == 1)
        {
            throw new InvalidOperationException("Another read of this subscription is under way: await or cancel it first.");
        }

        try
        {
            while (true)
            {
                cancellationToken.ThrowIfCancellationRequested();
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

    // WaitAsync on the token, and not WhenAny on tasks: it leaves nothing behind on a slot that stands for long.
    private async Task WaitAsync(LatestValue<T>.Slot slot, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        try
        {
            await slot.Replaced.Task.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The reading loop tells the caller's cancellation from the end.
        }
    }
}
