using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Blobs;

/// <summary>Keeps large data of jobs, such as program files, by its content (Flink's BlobStore).</summary>
/// <remarks>
/// <para>A blob has no pointer in a ConfigMap: what describes the job names it by its <see cref="BlobKey"/>. It belongs to one job and goes with it.</para>
/// <para>
/// Whether the term leads is checked here before each step, by the clock; a storage knows nothing of terms. That is harmless, for a blob is the same
/// whoever puts it; and blobs are deleted when their job has ended. Safe for concurrent use.
/// </para>
/// </remarks>
public sealed class BlobStore
{
    private const int MostTries = 4;

    private readonly LeadershipTerm _term;

    private BlobStore(LeadershipTerm term, IStateStorage storage)
    {
        _term = term;
        Reader = new BlobReader(storage, term.Context.Requests.Key.Namespace, term.Context.ClusterId);
    }

    /// <summary>Reads blobs.</summary>
    public BlobReader Reader { get; }

    /// <summary>Opens the store; that sends no request.</summary>
    /// <param name="term">The term of leadership, of any component.</param>
    /// <param name="storage">Holds the blobs.</param>
    public static BlobStore Open(LeadershipTerm term, IStateStorage storage)
    {
        ArgumentNullException.ThrowIfNull(term);
        ArgumentNullException.ThrowIfNull(storage);
        return new BlobStore(term, storage);
    }

    /// <summary>Puts a blob. One with the same content that is there already is checked and kept; a damaged one is replaced.</summary>
    /// <param name="jobId">The job that it belongs to.</param>
    /// <param name="content">The data, from where the stream stands to its end; not disposed. One that can't seek is copied to a temporary file first, for its hash is needed before.</param>
    /// <param name="cancellationToken">Gives up; the blob may be put all the same.</param>
    /// <returns>The key to get it by.</returns>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    /// <exception cref="StateStorageException">The storage failed; the same blob can be put again.</exception>
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

    /// <summary>Deletes a blob, if it is there.</summary>
    /// <returns>Whether it was there.</returns>
    /// <exception cref="LeadershipLostException">The term leads no more.</exception>
    /// <exception cref="StateStorageException">The storage failed.</exception>
    public Task<bool> DeleteAsync(JobId jobId, BlobKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        _term.ThrowIfNotLeading();
        return Reader.Storage.DeleteAsync(Reader.KeyOf(jobId, key), cancellationToken);
    }

    /// <returns>Whether it is there, whole, now; otherwise another try is worth it.</returns>
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
            return await IsWholeAsync(jobId, content.Key, isLast, cancellationToken).ConfigureAwait(false);
        }
        catch (StateStorageException exception) when (exception.IsOutcomeUnknown && !isLast)
        {
            // The same content under the same key: a late write can do no harm.
            return false;
        }
    }

    private async Task<bool> IsWholeAsync(JobId jobId, BlobKey key, bool isLast, CancellationToken cancellationToken)
    {
        try
        {
            var standing = await Reader.OpenReadAsync(jobId, key, cancellationToken).ConfigureAwait(false);
            await using (standing.ConfigureAwait(false))
            {
                await standing.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
                return true;
            }
        }
        catch (StateStorageException exception) when (exception.Failure is StateStorageFailure.Corrupt or StateStorageFailure.NotFound && !isLast)
        {
            // What is damaged is of no use to anybody, and the true content is at hand.
            await Reader.Storage.DeleteAsync(Reader.KeyOf(jobId, key), cancellationToken).ConfigureAwait(false);
            return false;
        }
    }
}
