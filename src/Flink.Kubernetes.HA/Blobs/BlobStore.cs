using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.StateHandles.Writing;
using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Blobs;

/// <summary>Stores large data of jobs, such as program files (Flink's <c>BlobStore</c>).</summary>
/// <remarks>
/// <para>A blob has no pointer in a ConfigMap: the job graph refers to it by its <see cref="BlobKey"/>. It belongs to one job and is
/// deleted with it; a sweep deletes it earlier only if no job refers to it for longer than the grace period.</para>
/// <para>
/// Leadership is checked before each step, against the clock only, because a storage does not know terms. That is harmless: every put has a key
/// of its own, and blobs are deleted only after their job has ended. All members are thread-safe.
/// </para>
/// </remarks>
public sealed class BlobStore
{
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

    /// <summary>Puts a blob. Put twice, the same content is stored twice.</summary>
    /// <param name="jobId">The job to which the blob belongs.</param>
    /// <param name="content">The data, from the current position of the stream to its end; read once, and not disposed.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The key of the blob, with the size and the SHA-256 of what was stored.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateStorageException">The storage failed; what it may have stored nevertheless is left to the sweep.</exception>
    public async Task<BlobKey> PutAsync(JobId jobId, Stream content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        _term.ThrowIfNotLeading();
        var id = Guid.NewGuid().ToString("N");
        var stored = await Reader.Storage.WriteAsync(Reader.KeyOf(jobId, id), content, progress: null, cancellationToken).ConfigureAwait(false);

        // What the storage has hashed while it was written counts: a file may change while it is read.
        return new BlobKey(id, stored.Sha256, stored.Size);
    }

    /// <summary>Deletes a blob if it exists.</summary>
    /// <returns>Whether the blob existed.</returns>
    /// <exception cref="LeadershipLostException">Leadership was lost.</exception>
    /// <exception cref="StateStorageException">The storage failed.</exception>
    public Task<bool> DeleteAsync(JobId jobId, BlobKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        _term.ThrowIfNotLeading();
        return Reader.Storage.DeleteAsync(Reader.KeyOf(jobId, key.Id), cancellationToken);
    }
}
