using System.Buffers;
using Amazon.S3.Model;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;
using Flink.Kubernetes.HA.Storage.Streams;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Sends large content in parts, and removes the parts if the upload fails.</summary>
internal sealed class MultipartUploading(
    ObjectCall call, string writer, S3StateStorageOptions options, S3Clients clients, S3Requests requests, S3Calls calls, ILogger logger)
{
    private const int MostParts = 10_000;
    private readonly StateKey _key = call.Key!;
    private string _id = string.Empty;

    /// <param name="content">The content after the first part.</param>
    /// <param name="first">The full first part; returned to the pool.</param>
    /// <param name="completion">The write that creates the object.</param>
    /// <param name="objects">Checks whether the key is in use.</param>
    /// <param name="cancellationToken">A token to cancel the upload.</param>
    public async Task RunAsync(MeasuredContent content, FirstPart first, ConditionalWrite completion, S3Objects objects, CancellationToken cancellationToken)
    {
        // Saves sending gigabytes in vain; the condition at the end is what decides.
        if (await objects.ExistsAsync(new ObjectCall(call.Verb, _key), cancellationToken).ConfigureAwait(false))
        {
            ArrayPool<byte>.Shared.Return(first.Buffer);
            throw calls.ToException(call, ObjectFailure.Taken, cause: null);
        }

        var started = await calls.RunAsync(
            call with { IsWrite = false },
            token => clients.Retrying.InitiateMultipartUploadAsync(requests.Start(_key, writer), token),
            cancellationToken).ConfigureAwait(false);
        _id = started.UploadId;
        try
        {
            var parts = await SendPartsAsync(content, first, cancellationToken).ConfigureAwait(false);
            await completion.RunAsync(
                token => clients.Once.CompleteMultipartUploadAsync(requests.Completion(_key, _id, parts), token), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await AbortAsync().ConfigureAwait(false);
            throw;
        }
    }

    private Task<UploadPartResponse[]> SendPartsAsync(MeasuredContent content, FirstPart first, CancellationToken cancellationToken) =>
        new PartSending<UploadPartResponse>(
            content,
            options.PartSize,
            options.UploadConcurrency,
            MostParts,
            () => calls.ToException(
                call,
                new ObjectFailure(StateStorageFailure.TooLarge, $"it has more than {MostParts} parts. Increase {nameof(S3StateStorageOptions.PartSize)}"),
                cause: null),
            (number, buffer, count, stopped) => calls.RunAsync(
                call with { IsWrite = false },
                token => clients.Retrying.UploadPartAsync(requests.Part(_key, _id, number, buffer, count), token),
                stopped)).RunAsync(first, cancellationToken);

    // Called even if it is unknown whether the upload was completed: a completed upload cannot be aborted.
    private async Task AbortAsync()
    {
        try
        {
            await calls.RunAsync(
                call,
                token => clients.Retrying.AbortMultipartUploadAsync(requests.Abort(calls.ObjectName(_key), _id), token),
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (StateStorageException exception)
        {
            Log.UnfinishedUploadRemains(logger, exception, calls.LocationOf(_key));
        }
    }
}
