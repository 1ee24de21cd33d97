using System.Threading.Channels;
using Flink.Kubernetes.HA.Storage.Streams;
using Flink.Kubernetes.HA.Testing.ApiServer;

namespace Flink.Kubernetes.HA.Testing.Http;

/// <summary>The body of a watch: one line of JSON per event. Disposing it closes the watch.</summary>
internal sealed class WatchBody(WatchStream watch, ApiResource resource, bool metadataOnly) : ReadStream
{
    private ReadOnlyMemory<byte> _line;
    private bool _ended;
    private volatile bool _disposed;

    /// <exception cref="IOException">The connection broke.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_line.IsEmpty && buffer.Length > 0 && !_ended)
        {
            _line = await NextAsync(cancellationToken).ConfigureAwait(false);
            ObjectDisposedException.ThrowIf(_disposed, this);
        }

        var count = Math.Min(_line.Length, buffer.Length);
        _line[..count].CopyTo(buffer);
        _line = _line[count..];
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        _disposed = true;
        watch.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The next line, or nothing at the end.</summary>
    private async Task<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            var message = await watch.Messages.ReadAsync(cancellationToken).ConfigureAwait(false);
            return WatchJson.Event(message.Type, message.Object?.JsonFor(metadataOnly) ?? WatchJson.BookmarkObject(resource, message.Revision, metadataOnly));
        }
        catch (ChannelClosedException closed) when (closed.InnerException is ApiError error)
        {
            // The stream reports what was wrong with the watch, and then it ends.
            _ended = true;
            return WatchJson.Event("ERROR", JsonText.ToUtf8(error.ToStatus()));
        }
        catch (ChannelClosedException closed)
        {
            return closed.InnerException is null ? default : throw new HttpIOException(HttpRequestError.ResponseEnded, closed.InnerException.Message);
        }
    }
}
