namespace Flink.Kubernetes.HA.Storage;

/// <summary>Where a <see cref="FileSystemStateStorage"/> keeps its data.</summary>
public sealed class FileSystemStateStorageOptions
{
    /// <summary>The folder that all data lies in, on a disk that all replicas share: a volume with access mode ReadWriteMany, or an NFS mount.</summary>
    /// <value>Required; an absolute path.</value>
    public string RootDirectory { get; set; } = string.Empty;

    /// <summary>Whether the folder is made when it is missing.</summary>
    /// <value>
    /// Default: <see langword="false"/>. A volume that is not mounted then is an error, and not a store that looks empty and is gone with the pod.
    /// </value>
    public bool CreateRootDirectory { get; set; }

    /// <summary>Tells what is wrong with the values, or <see langword="null"/>.</summary>
    internal string? Problem() =>
        string.IsNullOrWhiteSpace(RootDirectory) ? $"{nameof(FileSystemStateStorageOptions)}.{nameof(RootDirectory)} is not set: name the folder on the volume that all replicas share."
        : !Path.IsPathFullyQualified(RootDirectory) ? $"{nameof(FileSystemStateStorageOptions)}.{nameof(RootDirectory)} must be an absolute path, but is '{RootDirectory}'."
        : null;
}
