using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Objects;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>Reads the metadata of objects.</summary>
internal sealed class S3Objects(S3Clients clients, S3Requests requests, S3Calls calls)
{
    /// <summary>The metadata of every object that identifies the write that created it.</summary>
    public const string WriterMetadata = "flink-ha-writer";

    public async Task<bool> ExistsAsync(ObjectCall call, CancellationToken cancellationToken) =>
        await FindAsync(call, cancellationToken).ConfigureAwait(false) is not null;

    /// <summary>Returns who wrote the object with the key.</summary>
    public async Task<ObjectWriter> WhoWroteAsync(StateKey key, string writer, CancellationToken cancellationToken)
    {
        var found = await FindAsync(new ObjectCall("read", key), cancellationToken).ConfigureAwait(false);
        return found is null ? ObjectWriter.Nobody : found[WriterMetadata] == writer ? ObjectWriter.This : ObjectWriter.Another;
    }

    // The response to HEAD has no body: a missing bucket looks like a missing object, and the server can't say why it refuses. So one byte is read.
    private Task<MetadataCollection?> FindAsync(ObjectCall call, CancellationToken cancellationToken) => calls.RunAsync(
        call,
        async token =>
        {
            try
            {
                using var found = await clients.Retrying.GetObjectAsync(requests.Get(call.Key!, new ByteRange(0, 0)), token).ConfigureAwait(false);
                return found.Metadata;
            }
            catch (AmazonS3Exception exception) when (exception is { StatusCode: HttpStatusCode.NotFound, ErrorCode: not "NoSuchBucket" })
            {
                return null;
            }
            catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            {
                // An object without data has no first byte.
            }

            try
            {
                return (await clients.Retrying.GetObjectMetadataAsync(requests.Head(call.Key!), token).ConfigureAwait(false)).Metadata;
            }
            catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }
        },
        cancellationToken);
}
