using System.Buffers;
using Amazon.S3.Model;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Streams;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>One write: in one request if the content is smaller than a part, otherwise in parts.</summary>
internal sealed class S3Write(StateKey key, S3StateStorageOptions options, S3Clients clients, S3Calls calls, TimeProvider timeProvider, ILogger logger)
{
    private const int FirstRead = 64 * 1024;
    private readonly string _writer = Guid.NewGuid().ToString("N");
    private readonly S3Call _call = new("write", key, IsWrite: true);
    private readonly S3Objects _objects = new(options, clients, calls);

    public async Task<StoredState> RunAsync(Stream content, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var measured = new MeasuredContent(content, progress);
        var (buffer, count) = await ReadFirstPartAsync(measured, cancellationToken).ConfigureAwait(false);
        if (count < options.PartSize)
        {
            await PutAsync(buffer, count, cancellationToken).ConfigureAwait(false);

            // Not returned after a failure: a request that was canceled or has timed out may still be reading it.
            ArrayPool<byte>.Shared.Return(buffer);
            measured.Report(count);
        }
        else
        {
            var upload = new MultipartUploading(_call, _writer, options, clients, calls, logger);
            await upload.RunAsync(measured, buffer, Condition(), _objects, cancellationToken).ConfigureAwait(false);
        }

        return measured.ToState(key);
    }

    /// <summary>Reads until a part is full or the content ends; allocates little for small content.</summary>
    private async Task<(byte[] Buffer, int Count)> ReadFirstPartAsync(MeasuredContent content, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstRead);
        try
        {
            var count = await content.ReadAsync(buffer.AsMemory(0, FirstRead), cancellationToken).ConfigureAwait(false);
            if (count < FirstRead)
            {
                return (buffer, count);
            }

            var larger = ArrayPool<byte>.Shared.Rent(options.PartSize);
            buffer.AsSpan(0, count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
            return (buffer, count + await content.ReadAsync(buffer.AsMemory(count, options.PartSize - count), cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    private Task PutAsync(byte[] content, int count, CancellationToken cancellationToken) =>
        Condition().RunAsync(
            token =>
            {
                var request = new PutObjectRequest
                {
                    BucketName = options.BucketName,
                    Key = calls.ObjectName(key),
                    InputStream = new MemoryStream(content, 0, count, writable: false),
                    ContentType = "application/octet-stream",
                    IfNoneMatch = "*",
                };
                request.Metadata[S3Objects.WriterMetadata] = _writer;
                return clients.Once.PutObjectAsync(request, token);
            },
            cancellationToken);

    private ConditionalWrite Condition() => new(_call, _writer, options, _objects, calls, timeProvider);
}
