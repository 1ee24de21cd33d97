using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.Testing.Conformance.Storage;

/// <summary>A large content that is made while it is read, in pieces of odd sizes as from a network.</summary>
/// <param name="size">How many bytes.</param>
/// <param name="before">Called with the position before each piece.</param>
internal sealed class PatternStream(long size, Func<long, CancellationToken, Task>? before = null) : ReadStream
{
    private const int Piece = 77_777;
    private static readonly byte[] Pattern = StorageRun.Bytes(1_000_003);
    private long _position;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (before is not null)
        {
            await before(_position, cancellationToken).ConfigureAwait(false);
        }

        var start = (int)(_position % Pattern.Length);
        var count = (int)Math.Min(Math.Min(buffer.Length, Piece), Math.Min(size - _position, Pattern.Length - start));
        Pattern.AsSpan(start, count).CopyTo(buffer.Span);
        _position += count;
        return count;
    }

    /// <summary>Reads a stream to its end and compares it.</summary>
    internal static async Task<bool> IsSameAsync(Stream actual, long size, CancellationToken cancellationToken)
    {
        using var expected = new PatternStream(size);
        var (left, right) = (new byte[Piece], new byte[Piece]);
        for (var done = 0L; ; )
        {
            var count = await expected.ReadAsync(left, cancellationToken).ConfigureAwait(false);
            var more = await actual.ReadAtLeastAsync(right.AsMemory(0, Math.Max(1, count)), Math.Max(1, count), throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            if (more != count || !left.AsSpan(0, count).SequenceEqual(right.AsSpan(0, more)))
            {
                return false;
            }

            done += count;
            if (count == 0)
            {
                return done == size;
            }
        }
    }
}
