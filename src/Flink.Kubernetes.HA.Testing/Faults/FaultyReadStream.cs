using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.Testing.Faults;

/// <summary>A stream that breaks, ends early or has a wrong byte, as its rule says.</summary>
internal sealed class FaultyReadStream(Stream inner, StorageFaultRule rule, Func<Exception> failure) : ReadStream
{
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var left = rule.Bytes - _read;
        if (rule.Kind == StorageFaultKind.CorruptRead || left > buffer.Length)
        {
            var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (rule.Kind == StorageFaultKind.CorruptRead && left >= 0 && left < count)
            {
                buffer.Span[(int)left] ^= 0xFF;
            }

            _read += count;
            return count;
        }

        if (left == 0)
        {
            return rule.Kind == StorageFaultKind.TruncateRead ? 0 : throw failure();
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
