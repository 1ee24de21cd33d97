using Flink.Kubernetes.HA.Storage;

namespace Flink.Kubernetes.HA.Blobs;

/// <summary>Where blobs lie in a storage: <c>&lt;clusterId&gt;/blobs/&lt;jobId&gt;/&lt;sha256&gt;</c>.</summary>
internal static class BlobKeys
{
    public const string Folder = "blobs";

    public static string FolderOf(string clusterId, JobId jobId) => $"{clusterId}/{Folder}/{jobId}/";

    public static StateKey Of(string clusterId, JobId jobId, string sha256) => StateKey.Of(clusterId, Folder, jobId.ToString(), sha256);
}
