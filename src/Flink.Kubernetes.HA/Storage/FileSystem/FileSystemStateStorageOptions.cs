namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>The options of a <see cref="FileSystemStateStorage"/>.</summary>
public sealed class FileSystemStateStorageOptions
{
    /// <summary>The directory of all data, on a disk that all replicas share: a volume with access mode ReadWriteMany, or an NFS mount.</summary>
    /// <value>Required; an absolute path.</value>
    public string RootDirectory { get; set; } = string.Empty;

    /// <summary>Whether the directory is created if it is missing.</summary>
    /// <value>
    /// Default: <see langword="false"/>, so that a volume that is not mounted is an error, and not an empty storage that is deleted with the pod.
    /// </value>
    public bool CreateRootDirectory { get; set; }

    /// <summary>Returns what is wrong with the values, or <see langword="null"/>.</summary>
    internal string? Problem() =>
        string.IsNullOrWhiteSpace(RootDirectory) ? $"{nameof(FileSystemStateStorageOptions)}.{nameof(RootDirectory)} is not set: specify the "
            + "directory on the volume that all replicas share."
        : !Path.IsPathFullyQualified(RootDirectory) ? $"{nameof(FileSystemStateStorageOptions)}.{nameof(RootDirectory)} must be an absolute "
            + $"path, but is '{RootDirectory}'."
        : null;
}
