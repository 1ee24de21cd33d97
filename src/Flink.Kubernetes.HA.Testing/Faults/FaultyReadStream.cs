using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>A stream that breaks, ends early or has a wrong byte, as its fault says.</summary>
internal sealed class FaultyReadStream(Stream inner, Fault fault, Func<Exception> failure) : ReadStream
{
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var left = fault.Count - _read;
        if (fault.Kind == FaultKind.CorruptRead || left > buffer.Length)
        {
            var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (fault.Kind == FaultKind.CorruptRead && left >= 0 && left < count)
            {
                buffer.Span[(int)left] ^= 0xFF;
            }

            _read += count;
            return count;
        }

        if (left == 0)
        {
            return fault.Kind == FaultKind.TruncateRead ? 0 : throw failure();
        }

        var some = await inner.ReadAsync(buffer[..(int)left], cancellationToken).ConfigureAwait(false);
        _read += some;
        return some;
    }

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
