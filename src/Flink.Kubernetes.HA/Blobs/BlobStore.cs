using System.Security.Cryptography;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Blobs;

/// <summary>Stores large data of jobs, such as program files, by its content (Flink's <c>BlobStore</c>).</summary>
/// <remarks>
/// <para>A blob has no pointer in a ConfigMap: the job graph refers to it by its <see cref="BlobKey"/>. It belongs to one job and is
/// deleted with it.</para>
/// <para>
/// Leadership is checked before each step, against the clock only, because a storage does not know terms. That is harmless: a blob is the same
/// whoever puts it, and blobs are deleted only after their job has ended. All members are thread-safe.
/// </para>
/// </remarks>
public sealed class BlobStore
{
    private const int MostTries = 4;

    private readonly LeadershipTerm _term;

    private BlobStore(LeadershipTerm term, IStateStorage storage)
    {
        _term = term;
        Reader = new BlobReader(storage, term.ConfigMap.Namespace, term.ClusterId);
    }

    /// <summary>The reader of blobs.</summary>
    public BlobReader Reader { get; }

    /// <summary>Opens the store; sends no request.</summary>
    /// <param name="term">The term of leadership, of any component.</param>
    /// <param name="storage">The storage of the blobs.</param>
    internal static BlobStore Open(LeadershipTerm term, IStateStorage storage)
    {
        ArgumentNullException.ThrowIfNull(term);
        ArgumentNullException.ThrowIfNull(storage);
        return new BlobStore(term, storage);
    }

    /// <summary>Puts a blob. An existing one with the same content is verified and kept; a damaged one is replaced.</summary>
    /// <param name="jobId">The job to which the blob belongs.</param>
    /// <param name="content">The data, from the current position of the stream to its end; the stream is not disposed. A stream that
    /// cannot seek is copied to a temporary file first, because the hash is needed before the write.</param>
    /// <param name="cancellationToken">A token to cancel the operation; the blob may still be put.</param>
    /// <returns>The key of the blob.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateStorageException">The storage failed; putting the same blob again is safe.</exception>
    public async Task<BlobKey> PutAsync(JobId jobId, Stream content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        _term.ThrowIfNotLeading();
        var hashed = await HashedContent.ReadAsync(content, cancellationToken).ConfigureAwait(false);
        await using (hashed.ConfigureAwait(false))
        {
            for (var tries = 1; !await TryPutAsync(jobId, hashed, isLast: tries == MostTries, cancellationToken).ConfigureAwait(false); tries++)
            {
                await _term.PauseAsync(cancellationToken).ConfigureAwait(false);
            }

            return hashed.Key;
        }
    }

    /// <summary>Deletes a blob if it exists.</summary>
    /// <returns>Whether the blob existed.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateStorageException">The storage failed.</exception>
    public Task<bool> DeleteAsync(JobId jobId, BlobKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        _term.ThrowIfNotLeading();
        return Reader.Storage.DeleteAsync(Reader.KeyOf(jobId, key), cancellationToken);
    }

    /// <returns>Whether the blob is now stored and intact; if not, the put should be retried.</returns>
    private async Task<bool> TryPutAsync(JobId jobId, HashedContent content, bool isLast, CancellationToken cancellationToken)
    {
        _term.ThrowIfNotLeading();
        try
        {
            await Reader.Storage.WriteAsync(Reader.KeyOf(jobId, content.Key), content.Rewind(), progress: null, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (StateStorageException exception) when (exception.Failure == StateStorageFailure.AlreadyExists)
        {
            return await IsIntactAsync(jobId, content.Key, isLast, cancellationToken).ConfigureAwait(false);
        }
        catch (StateStorageException exception) when (exception.IsOutcomeUnknown && !isLast)
        {
            // A late write of the same content under the same key is harmless.
            return false;
        }
    }

    private async Task<bool> IsIntactAsync(JobId jobId, BlobKey key, bool isLast, CancellationToken cancellationToken)
    {
        try
        {
            var stored = await Reader.OpenReadAsync(jobId, key, cancellationToken).ConfigureAwait(false);
            await using (stored.ConfigureAwait(false))
            {
                await stored.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
                return true;
            }
        }
        catch (StateStorageException exception) when (exception.Failure is StateStorageFailure.Corrupt or StateStorageFailure.NotFound && !isLast)
        {
            // A damaged blob is of no use, and the correct content is available here.
            await Reader.Storage.DeleteAsync(Reader.KeyOf(jobId, key), cancellationToken).ConfigureAwait(false);
            return false;
        }
    }
}

/// <summary>The keys of blobs in a storage: <c>&lt;clusterId&gt;/blobs/&lt;jobId&gt;/&lt;sha256&gt;</c>.</summary>
internal static class BlobKeys
{
    public const string Folder = "blobs";

    public static string FolderOf(string root, JobId jobId) => $"{root}/{Folder}/{jobId}/";

    public static StateKey Of(string root, JobId jobId, string sha256) => new($"{FolderOf(root, jobId)}{sha256}");
}

/// <summary>Content whose hash is known before it is written and that can be read again; copied to a temporary file if the stream cannot
/// seek.</summary>
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
            Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()),
            FileMode.CreateNew,
            FileAccess.ReadWrite,
            FileShare.None,
            BufferSize,
            FileOptions.Asynchronous | FileOptions.DeleteOnClose);
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

    /// <summary>Returns the content from its beginning.</summary>
    public Stream Rewind()
    {
        _content.Position = _start;
        return _content;
    }

    public ValueTask DisposeAsync() => _ownsContent ? _content.DisposeAsync() : ValueTask.CompletedTask;
}
