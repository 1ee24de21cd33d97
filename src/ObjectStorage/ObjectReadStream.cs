using Flink.Kubernetes.HA.Storage.Streams;

namespace Flink.Kubernetes.HA.Storage.Objects;

/// <summary>The body of an object; a read throws if it exceeds the time limit or the body ends early.</summary>
/// <param name="body">The body.</param>
/// <param name="length">The length that the server has announced, in bytes.</param>
/// <param name="response">What to dispose.</param>
/// <param name="call">The call.</param>
/// <param name="calls">Runs it.</param>
internal sealed class ObjectReadStream(Stream body, long length, IDisposable response, ObjectCall call, ObjectCalls calls) : ReadStream
{
    private long _left = length;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await calls.RunAsync(call, token => body.ReadAsync(buffer, token).AsTask(), cancellationToken).ConfigureAwait(false);
        _left -= count;
        return count > 0 || buffer.IsEmpty || _left <= 0
            ? count
            : throw calls.ToException(call, new ObjectFailure(StateStorageFailure.Unavailable, $"the response ended {_left} bytes early. Retry"), cause: null);
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
