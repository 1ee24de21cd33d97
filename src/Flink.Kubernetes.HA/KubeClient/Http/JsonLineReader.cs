using System.Buffers;
using System.IO.Pipelines;

namespace Flink.Kubernetes.HA.KubeClient.Http;

/// <summary>Splits a stream into lines without copying them.</summary>
internal sealed class JsonLineReader(PipeReader pipe)
{
    // A ConfigMap has at most 1 MiB of data, which escapes can make six times as long.
    public const int MaxLineLength = 16 << 20;

    private SequencePosition? _next;

    /// <summary>Returns the next line, which is valid until the next call; <see langword="null"/> at the end of the stream.</summary>
    /// <exception cref="EndOfStreamException">The stream ended within a line.</exception>
    /// <exception cref="InvalidDataException">The line is too long.</exception>
    public async ValueTask<ReadOnlySequence<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        if (_next is { } next)
        {
            pipe.AdvanceTo(next);
            _next = null;
        }

        for (long scanned = 0; ;)
        {
            var result = await pipe.ReadAsync(cancellationToken).ConfigureAwait(false);
            var buffer = result.Buffer;
            if (buffer.Slice(scanned).PositionOf((byte)'\n') is { } end)
            {
                _next = buffer.GetPosition(1, end);
                return buffer.Slice(0, end);
            }

            scanned = buffer.Length;
            if (scanned > MaxLineLength)
            {
                throw new InvalidDataException($"a line is longer than {MaxLineLength >> 20} MiB");
            }

            if (result.IsCompleted)
            {
                return scanned == 0 ? null : throw new EndOfStreamException("The stream ended in the middle of an event.");
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }
}
