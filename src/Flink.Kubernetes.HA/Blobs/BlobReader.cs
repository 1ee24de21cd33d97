using System.Runtime.CompilerServices;
using Flink.Kubernetes.HA.Storage;
using Flink.Kubernetes.HA.WireFormat;

namespace Flink.Kubernetes.HA.Blobs;

/// <summary>Reads the blobs of jobs; needs no leadership.</summary>
public sealed class BlobReader
{
    private readonly string _root;

    /// <summary>Creates a reader.</summary>
    /// <param name="storage">The storage of the blobs.</param>
    /// <param name="namespaceName">The namespace of the cluster.</param>
    /// <param name="clusterId">The ID of the cluster.</param>
    public BlobReader(IStateStorage storage, string namespaceName, string clusterId)
    {
        ArgumentNullException.ThrowIfNull(storage);
        ArgumentException.ThrowIfNullOrEmpty(namespaceName);
        ArgumentException.ThrowIfNullOrEmpty(clusterId);
        (Storage, _root) = (storage, HaNames.StorageRoot(namespaceName, clusterId));
    }

    internal IStateStorage Storage { get; }

    /// <summary>Opens a blob; size and SHA-256 are verified while it is read, before the last bytes are returned.</summary>
    /// <returns>A stream to dispose; reading it throws a <see cref="StateStorageException"/> if the data is not what was put.</returns>
    /// <exception cref="StateStorageException"><see cref="StateStorageFailure.NotFound"/>: there is no such blob.</exception>
    public Task<Stream> OpenReadAsync(JobId jobId, BlobKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Storage.OpenReadAsync(StateOf(jobId, key), progress: null, cancellationToken);
    }

    /// <summary>Lists the blobs of a job.</summary>
    /// <exception cref="StateStorageException">The storage could not be read.</exception>
    public async IAsyncEnumerable<BlobKey> ListAsync(JobId jobId, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var folder = BlobKeys.FolderOf(_root, jobId);
        await foreach (var entry in Storage.ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            if (entry.Key.Value[folder.Length..] is var name && BlobKey.IsSha256(name))
            {
                yield return new BlobKey(name, entry.Size);
            }
        }
    }

    internal StateKey KeyOf(JobId jobId, BlobKey key) => BlobKeys.Of(_root, jobId, key.Sha256);

    private StoredState StateOf(JobId jobId, BlobKey key) =>
        new(KeyOf(jobId, key), key.Size, key.Sha256, $"{KeyOf(jobId, key)} in {Storage.Location}");
}
