using System.Buffers;
using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.Storage.Objects;

/// <summary>Sends content in parts of one size, several concurrently.</summary>
/// <param name="content">The content after the first part.</param>
/// <param name="partSize">The size of a part, in bytes.</param>
/// <param name="concurrency">How many parts are sent at once.</param>
/// <param name="mostParts">The number of parts that the server accepts.</param>
/// <param name="tooMany">The exception for more.</param>
/// <param name="sendAsync">Sends a part: its number from 1 on, its buffer, the count of bytes.</param>
internal sealed class PartSending<T>(
    MeasuredContent content,
    int partSize,
    int concurrency,
    int mostParts,
    Func<StateStorageException> tooMany,
    Func<int, byte[], int, CancellationToken, Task<T>> sendAsync)
{
    private readonly Lock _gate = new();
    private long _sent;

    /// <param name="first">The first part; its buffer is returned to the pool.</param>
    /// <param name="cancellationToken">A token to cancel the sending.</param>
    public async Task<T[]> RunAsync(FirstPart first, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var slots = new SemaphoreSlim(concurrency);
        var sending = new List<Task<T>>();
        try
        {
            var (buffer, count) = first;
            while (count > 0)
            {
                if (sending.Count == mostParts)
                {
                    throw tooMany();
                }

                // The part owns the buffer from here on.
                sending.Add(SendAsync(sending.Count + 1, buffer, count, slots, stop));
                await slots.WaitAsync(stop.Token).ConfigureAwait(false);
                slots.Release();
                buffer = ArrayPool<byte>.Shared.Rent(partSize);
                try
                {
                    count = await content.ReadAsync(buffer.AsMemory(0, partSize), stop.Token).ConfigureAwait(false);
                }
                catch
                {
                    count = 0;
                    throw;
                }
                finally
                {
                    if (count == 0)
                    {
                        ArrayPool<byte>.Shared.Return(buffer);
                    }
                }
            }

            return await Task.WhenAll(sending).ConfigureAwait(false);
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(sending)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();

            // A failed part cancels the others and the reading: throw its exception, which is the cause.
            if (sending.Find(part => part.IsFaulted) is { } failed)
            {
                await failed.ConfigureAwait(false);
            }

            throw;
        }
    }

    private async Task<T> SendAsync(int number, byte[] buffer, int count, SemaphoreSlim slots, CancellationTokenSource stop)
    {
        var stopped = stop.Token;
        var isSent = false;
        try
        {
            await slots.WaitAsync(stopped).ConfigureAwait(false);
            try
            {
                var response = await sendAsync(number, buffer, count, stopped).ConfigureAwait(false);
                isSent = true;
                lock (_gate)
                {
                    _sent += count;
                    content.Report(_sent);
                }

                return response;
            }
            finally
            {
                slots.Release();
            }
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            // A request that was canceled or has timed out may still read the buffer: it must not be reused and is left to the GC.
            if (isSent)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
