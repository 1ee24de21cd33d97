using System.Buffers;
using Flink.Kubernetes.HA.Storage.Streams;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Copies content into a new file, in steps of the disk.</summary>
internal sealed class FileCopy(FileCall call, StorageFolders folders, DiskCalls disk, ILogger logger)
{
    private const int BufferBytes = 256 * 1024;
    private readonly FileWrite _write = new(call, folders, disk, logger);

    public async Task<StoredState> RunAsync(StateKey key, Stream content, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var measured = new MeasuredContent(content, progress);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await CopyAsync(measured, buffer, cancellationToken).ConfigureAwait(false);
            measured.Report(measured.Size);
            return measured.ToState(key);
        }
        finally
        {
            // A step that was abandoned may still be reading it.
            if (!call.IsAbandoned)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private async Task CopyAsync(MeasuredContent content, byte[] buffer, CancellationToken cancellationToken)
    {
        var count = await content.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellationToken).ConfigureAwait(false);
        if (count < BufferBytes)
        {
            // Small content, as most is: one step. Each step ends with Discard here, or late.
            await call.RunAsync(
                () =>
                {
                    try
                    {
                        _write.Begin();
                        _write.Append(buffer, count);
                        _write.Publish();
                    }
                    finally
                    {
                        _write.Discard();
                    }
                },
                late: null,
                FileEffect.Possible,
                cancellationToken).ConfigureAwait(false);
            return;
        }

        try
        {
            await StepAsync(_write.Begin, FileEffect.None, cancellationToken).ConfigureAwait(false);
            while (count > 0)
            {
                await StepAsync(() => _write.Append(buffer, count), FileEffect.None, cancellationToken).ConfigureAwait(false);
                content.Report(content.Size);
                count = await content.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellationToken).ConfigureAwait(false);
            }

            await StepAsync(_write.Publish, FileEffect.Possible, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!call.IsAbandoned)
            {
                await call.RunAsync(_write.Discard, late: null, FileEffect.None, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private ValueTask StepAsync(Action step, FileEffect effect, CancellationToken cancellationToken) =>
        call.RunAsync(step, _write.Discard, effect, cancellationToken);
}
