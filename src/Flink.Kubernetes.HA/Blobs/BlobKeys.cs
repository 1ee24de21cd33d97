using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Blobs;

/// <summary>Where blobs lie in a storage: <c>&lt;clusterId&gt;/blobs/&lt;jobId&gt;/&lt;sha256&gt;</c>.</summary>
internal static class BlobKeys
{
    public const string Folder = "blobs";

    public static string FolderOf(string root, JobId jobId) => $"{root}/{Folder}/{jobId}/";

    public static StateKey Of(string root, JobId jobId, string sha256) => new($"{FolderOf(root, jobId)}{sha256}");
}
