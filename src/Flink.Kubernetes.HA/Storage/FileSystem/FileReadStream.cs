using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>A file whose failures are told as the storage's.</summary>
internal sealed class FileReadStream(Stream file, FileCall call) : ReadStream
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        call.DoAsync(() => file.ReadAsync(buffer, cancellationToken));

    public override async ValueTask DisposeAsync()
    {
        await file.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            file.Dispose();
        }

        base.Dispose(disposing);
    }
}
