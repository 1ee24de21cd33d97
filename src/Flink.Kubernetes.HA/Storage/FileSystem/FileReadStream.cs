using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>A file that is read in steps of the disk, whose failures are converted to those of the storage.</summary>
internal sealed class FileReadStream(Stream file, FileCall call) : ReadStream
{
    // Not the caller's: a step that was abandoned may still write into it.
    private readonly byte[] _buffer = new byte[128 * 1024];
    private int _start;
    private int _end;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_start == _end && !buffer.IsEmpty)
        {
            if (call.IsAbandoned)
            {
                throw call.Interrupted();
            }

            _end = _start = 0;
            _end = await call.RunAsync(() => file.Read(_buffer, 0, _buffer.Length), late: null, FileEffect.None, cancellationToken).ConfigureAwait(false);
        }

        var count = Math.Min(buffer.Length, _end - _start);
        _buffer.AsMemory(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    public override async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // Closing may block as well. While a step is still running, the handle closes with it.
            _ = CloseAsync().AsTask();
        }

        base.Dispose(disposing);
    }

    private async ValueTask CloseAsync()
    {
        try
        {
            await call.RunAsync(file.Dispose, late: null, FileEffect.None, CancellationToken.None).ConfigureAwait(false);
        }
        catch (StateStorageException)
        {
            // What was read is right.
        }
    }
}
