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
        return Storage.OpenReadAsync(new StoredState(KeyOf(jobId, key.Id), key.Size, key.Sha256), progress: null, cancellationToken);
    }

    internal StateKey KeyOf(JobId jobId, string id) => new(BlobKeys.FolderOf(_root, jobId) + id);
}

/// <summary>The keys of blobs in a storage: <c>&lt;namespace&gt;/&lt;clusterId&gt;/blobs/&lt;jobId&gt;/&lt;id&gt;</c>.</summary>
internal static class BlobKeys
{
    public const string Folder = "blobs";

    public static string FolderOf(string root, JobId jobId) => $"{root}/{Folder}/{jobId}/";
}
