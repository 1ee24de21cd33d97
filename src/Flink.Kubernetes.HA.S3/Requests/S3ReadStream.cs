using Amazon.S3.Model;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.S3.Requests;

/// <summary>The body of an object; a read throws if it exceeds the time limit or the body ends early.</summary>
internal sealed class S3ReadStream(GetObjectResponse response, S3Call call, S3Calls calls) : ReadStream
{
    private long _left = response.ContentLength;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await calls.RunAsync(
            call, token => response.ResponseStream.ReadAsync(buffer, token).AsTask(), cancellationToken).ConfigureAwait(false);
        _left -= count;
        return count > 0 || buffer.IsEmpty || _left <= 0
            ? count
            : throw calls.ToException(call, new S3Failure(StateStorageFailure.Unavailable, $"the response ended {_left} bytes early. Retry"), cause: null);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            response.Dispose();
        }

        base.Dispose(disposing);
    }
}
