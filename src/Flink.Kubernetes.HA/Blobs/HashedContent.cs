using System.Security.Cryptography;

namespace Flink.Kubernetes.HA.Blobs;

/// <summary>Content whose hash is known before it is written, and that can be read again: where the stream can't seek, by way of a temporary file.</summary>
internal sealed class HashedContent : IAsyncDisposable
{
    private const int BufferSize = 81920;

    private readonly Stream _content;
    private readonly long _start;
    private readonly bool _ownsContent;

    private HashedContent(Stream content, long start, bool ownsContent, string sha256, long size) =>
        (_content, _start, _ownsContent, Key) = (content, start, ownsContent, new BlobKey(sha256, size));

    public BlobKey Key { get; }

    public static async Task<HashedContent> ReadAsync(Stream content, CancellationToken cancellationToken)
    {
        var spool = content.CanSeek ? null : new FileStream(
            Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, BufferSize, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        try
        {
            var start = spool is null ? content.Position : 0;
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[BufferSize];
            var size = 0L;
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                size += count;
                hash.AppendData(buffer, 0, count);
                if (spool is not null)
                {
                    await spool.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                }
            }

            return new HashedContent(spool ?? content, start, spool is not null, Convert.ToHexStringLower(hash.GetHashAndReset()), size);
        }
        catch when (spool is not null)
        {
            await spool.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The content from its beginning.</summary>
    public Stream Rewind()
    {
        _content.Position = _start;
        return _content;
    }

    public ValueTask DisposeAsync() => _ownsContent ? _content.DisposeAsync() : ValueTask.CompletedTask;
}
