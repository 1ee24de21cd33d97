using System.Buffers;
using Amazon.S3;
using Amazon.S3.Model;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Streams;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Sends large content in parts, several concurrently, and removes the parts if the upload fails.</summary>
internal sealed class MultipartUploading(
    S3Call call, string writer, S3StateStorageOptions options, S3Clients clients, S3Calls calls, ILogger logger)
{
    private const int MostParts = 10_000;
    private readonly Lock _gate = new();
    private readonly string _name = calls.ObjectName(call.Key!);
    private string _id = string.Empty;
    private long _sent;

    /// <param name="content">The content after the first part.</param>
    /// <param name="first">The full first part; returned to the pool.</param>
    /// <param name="completion">The write that creates the object.</param>
    /// <param name="objects">Checks whether the key is in use.</param>
    /// <param name="cancellationToken">A token to cancel the upload.</param>
    public async Task RunAsync(MeasuredContent content, byte[] first, ConditionalWrite completion, S3Objects objects, CancellationToken cancellationToken)
    {
        // Saves sending gigabytes in vain; the condition at the end is what decides.
        if (await objects.ExistsAsync(new S3Call(call.Verb, call.Key), cancellationToken).ConfigureAwait(false))
        {
            ArrayPool<byte>.Shared.Return(first);
            throw calls.ToException(call, S3Failures.Taken, cause: null);
        }

        await StartAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var parts = await SendPartsAsync(content, first, cancellationToken).ConfigureAwait(false);
            await completion.RunAsync(token => clients.Once.CompleteMultipartUploadAsync(Completion(parts), token), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await AbortAsync().ConfigureAwait(false);
            throw;
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var request = new InitiateMultipartUploadRequest
        {
            BucketName = options.BucketName,
            Key = _name,
            ContentType = "application/octet-stream",
            ChecksumAlgorithm = ChecksumAlgorithm.CRC32,
        };
        request.Metadata[S3Objects.WriterMetadata] = writer;
        var started = await calls.RunAsync(
            call with { IsWrite = false },
            token => clients.Retrying.InitiateMultipartUploadAsync(request, token),
            cancellationToken).ConfigureAwait(false);
        _id = started.UploadId;
    }

    private async Task<UploadPartResponse[]> SendPartsAsync(MeasuredContent content, byte[] first, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var slots = new SemaphoreSlim(options.UploadConcurrency);
        var sending = new List<Task<UploadPartResponse>>();
        try
        {
            var (buffer, count) = (first, options.PartSize);
            while (count > 0)
            {
                if (sending.Count == MostParts)
                {
                    var failure = new S3Failure(
                        StateStorageFailure.TooLarge, $"it has more than {MostParts} parts. Increase {nameof(S3StateStorageOptions.PartSize)}");
                    throw calls.ToException(call, failure, cause: null);
                }

                // The part owns the buffer from here on.
                sending.Add(SendPartAsync(content, sending.Count + 1, buffer, count, slots, stop));
                await slots.WaitAsync(stop.Token).ConfigureAwait(false);
                slots.Release();
                buffer = ArrayPool<byte>.Shared.Rent(options.PartSize);
                try
                {
                    count = await content.ReadAsync(buffer.AsMemory(0, options.PartSize), stop.Token).ConfigureAwait(false);
                }
                catch
                {
                    count = 0;
                    throw;
                }
                finally
                {
                    if (count == 0)
                    {
                        ArrayPool<byte>.Shared.Return(buffer);
                    }
                }
            }

            return await Task.WhenAll(sending).ConfigureAwait(false);
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(sending)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();

            // A failed part cancels the others and the reading: throw its exception, which is the cause.
            if (sending.Find(part => part.IsFaulted) is { } failed)
            {
                await failed.ConfigureAwait(false);
            }

            throw;
        }
    }

    private async Task<UploadPartResponse> SendPartAsync(
        MeasuredContent content, int number, byte[] buffer, int count, SemaphoreSlim slots, CancellationTokenSource stop)
    {
        var stopped = stop.Token;
        var isSent = false;
        try
        {
            await slots.WaitAsync(stopped).ConfigureAwait(false);
            try
            {
                var response = await calls.RunAsync(
                    call with { IsWrite = false },
                    token => clients.Retrying.UploadPartAsync(Part(number, buffer, count), token),
                    stopped).ConfigureAwait(false);
                isSent = true;
                lock (_gate)
                {
                    _sent += count;
                    content.Report(_sent);
                }

                return response;
            }
            finally
            {
                slots.Release();
            }
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            // A request that was canceled or has timed out may still read the buffer: it must not be reused and is left to the GC.
            if (isSent)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private UploadPartRequest Part(int number, byte[] buffer, int count) => new()
    {
        BucketName = options.BucketName,
        Key = _name,
        UploadId = _id,
        PartNumber = number,
        PartSize = count,
        InputStream = new MemoryStream(buffer, 0, count, writable: false),
        ChecksumAlgorithm = ChecksumAlgorithm.CRC32,
    };

    private CompleteMultipartUploadRequest Completion(IEnumerable<UploadPartResponse> parts)
    {
        var request = new CompleteMultipartUploadRequest { BucketName = options.BucketName, Key = _name, UploadId = _id, IfNoneMatch = "*" };
        request.AddPartETagsAndChecksums(parts);
        return request;
    }

    // Called even if it is unknown whether the upload was completed: a completed upload cannot be aborted.
    private async Task AbortAsync()
    {
        try
        {
            await calls.RunAsync(
                call,
                token => clients.Retrying.AbortMultipartUploadAsync(
                    new AbortMultipartUploadRequest { BucketName = options.BucketName, Key = _name, UploadId = _id }, token),
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (StateStorageException exception)
        {
            Log.UnfinishedUploadRemains(logger, exception, calls.LocationOf(call.Key));
        }
    }
}
