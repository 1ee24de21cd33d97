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

    /// <summary>
    /// The time limit of one operation of the disk, such as opening a file, writing a block, or flushing 32 MiB. A file server that does not answer
    /// would otherwise block for ever.
    /// </summary>
    /// <value>Default: 60 seconds. At most an hour.</value>
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Returns what is wrong with the values, or <see langword="null"/>.</summary>
    internal string? Problem() =>
        string.IsNullOrWhiteSpace(RootDirectory) ? $"{nameof(FileSystemStateStorageOptions)}.{nameof(RootDirectory)} is not set: specify the "
            + "directory on the volume that all replicas share."
        : !Path.IsPathFullyQualified(RootDirectory) ? $"{nameof(FileSystemStateStorageOptions)}.{nameof(RootDirectory)} must be an absolute "
            + $"path, but is '{RootDirectory}'."
        : OperationTimeout <= TimeSpan.Zero || OperationTimeout > TimeSpan.FromHours(1)
            ? $"{nameof(FileSystemStateStorageOptions)}.{nameof(OperationTimeout)} must be more than 0 and at most an hour, but is {OperationTimeout}."
        : null;
}
