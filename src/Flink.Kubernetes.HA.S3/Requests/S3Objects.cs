using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Reads the metadata of objects.</summary>
internal sealed class S3Objects(S3StateStorageOptions options, S3Clients clients, S3Calls calls)
{
    /// <summary>The metadata of every object that identifies the write that created it.</summary>
    public const string WriterMetadata = "flink-ha-writer";

    public async Task<bool> ExistsAsync(S3Call call, CancellationToken cancellationToken) =>
        await FindAsync(call, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Returns the metadata of an object, or <see langword="null"/> if there is none.</summary>
    public Task<GetObjectMetadataResponse?> FindAsync(S3Call call, CancellationToken cancellationToken) => calls.RunAsync(
        call,
        async token =>
        {
            var name = calls.ObjectName(call.Key!);
            var head = new GetObjectMetadataRequest { BucketName = options.BucketName, Key = name };
            try
            {
                return await clients.Retrying.GetObjectMetadataAsync(head, token).ConfigureAwait(false);
            }
            catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.NotFound)
            {
            }

            // The response to HEAD has no body, so a missing bucket looks like a missing object. GET distinguishes them.
            try
            {
                var get = new GetObjectRequest { BucketName = options.BucketName, Key = name, ByteRange = new ByteRange(0, 0) };
                using var _ = await clients.Retrying.GetObjectAsync(get, token).ConfigureAwait(false);
                return await clients.Retrying.GetObjectMetadataAsync(head, token).ConfigureAwait(false);
            }
            catch (AmazonS3Exception exception) when (exception is { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" })
            {
                return null;
            }
        },
        cancellationToken);

    /// <summary>Returns who wrote the object with the key.</summary>
    public async Task<S3Writer> WhoWroteAsync(StateKey key, string writer, CancellationToken cancellationToken)
    {
        try
        {
            var found = await FindAsync(new S3Call("read", key), cancellationToken).ConfigureAwait(false);
            return found is null ? S3Writer.Nobody : found.Metadata[WriterMetadata] == writer ? S3Writer.This : S3Writer.Another;
        }
        catch (StateStorageException)
        {
            return S3Writer.Unknown;
        }
    }
}
