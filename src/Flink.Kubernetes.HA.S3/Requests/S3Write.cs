using System.Buffers;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;
using Flink.Kubernetes.HA.Storage.Streams;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>One write: in one request if the content is smaller than a part, otherwise in parts.</summary>
internal sealed class S3Write(
    StateKey key, S3StateStorageOptions options, S3Clients clients, S3Requests requests, S3Calls calls, TimeProvider timeProvider, ILogger logger)
{
    private readonly string _writer = Guid.NewGuid().ToString("N");
    private readonly ObjectCall _call = new("write", key, IsWrite: true);
    private readonly S3Objects _objects = new(clients, requests, calls);

    public async Task<StoredState> RunAsync(Stream content, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var measured = new MeasuredContent(content, progress);
        var first = await FirstPart.ReadAsync(measured, options.PartSize, cancellationToken).ConfigureAwait(false);
        var condition = new ConditionalWrite(_call, token => _objects.WhoWroteAsync(key, _writer, token), clients.Retries, calls, timeProvider);
        if (first.Count < options.PartSize)
        {
            // A stream for each attempt: the SDK disposes it.
            await condition.RunAsync(
                token => clients.Once.PutObjectAsync(requests.Put(key, new MemoryStream(first.Buffer, 0, first.Count, writable: false), _writer), token),
                cancellationToken).ConfigureAwait(false);

            // Not returned after a failure: a request that was canceled or has timed out may still be reading it.
            ArrayPool<byte>.Shared.Return(first.Buffer);
            measured.Report(first.Count);
        }
        else
        {
            var upload = new MultipartUploading(_call, _writer, options, clients, requests, calls, logger);
            await upload.RunAsync(measured, first, condition, _objects, cancellationToken).ConfigureAwait(false);
        }

        return measured.ToState(key);
    }
}
