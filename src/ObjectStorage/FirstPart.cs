using System.Buffers;
using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.Storage.Objects;

/// <summary>The beginning of content: all of it if it is smaller than a part.</summary>
/// <param name="Buffer">A buffer of the pool.</param>
/// <param name="Count">The number of bytes in it.</param>
internal readonly record struct FirstPart(byte[] Buffer, int Count)
{
    private const int FirstRead = 64 * 1024;

    /// <summary>Reads until a part is full or the content ends; allocates little for small content.</summary>
    public static async Task<FirstPart> ReadAsync(MeasuredContent content, int partSize, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstRead);
        try
        {
            var count = await content.ReadAsync(buffer.AsMemory(0, FirstRead), cancellationToken).ConfigureAwait(false);
            if (count < FirstRead)
            {
                return new FirstPart(buffer, count);
            }

            var larger = ArrayPool<byte>.Shared.Rent(partSize);
            buffer.AsSpan(0, count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
            return new FirstPart(buffer, count + await content.ReadAsync(buffer.AsMemory(count, partSize - count), cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }
}
