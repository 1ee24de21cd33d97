namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>What the errors of a disk mean, and what to do about them.</summary>
internal static class FileFailures
{
    public static (StateStorageFailure Failure, string What) Explain(Exception exception, StorageFolders folders, string path, bool isWrite)
    {
        if (isWrite && folders.RootExists && exception.HResult is Errno.Exists or Errno.NotAFolder)
        {
            return (StateStorageFailure.AlreadyExists, "a part of its path is data itself. Take keys of which none is the beginning of another");
        }

        if (exception is FileNotFoundException or DirectoryNotFoundException || exception.HResult is Errno.NoEntry or Errno.NotAFolder)
        {
            return Missing(exception, folders, path);
        }

        return exception switch
        {
            // To .NET, opening a folder as a file is a lack of rights.
            UnauthorizedAccessException when Directory.Exists(path) && path != folders.Root => (StateStorageFailure.NotFound, "it is a folder, not data"),
            UnauthorizedAccessException => Denied(exception, folders),
            PathTooLongException => (StateStorageFailure.Unsupported, "the path is too long for the file system. Shorten the key or the root directory"),
            NotSupportedException => (StateStorageFailure.Unsupported, $"{exception.Message}. Use another file system"),
            ArgumentOutOfRangeException => TooLarge(),
            _ => exception.HResult switch
            {
                Errno.NoSpace or Errno.Quota or Errno.WindowsDiskFull =>
                    (StateStorageFailure.OutOfSpace, $"the disk or the quota of {folders.Root} is full. Free space or enlarge the volume; nothing was written"),
                Errno.ReadOnly => (StateStorageFailure.AccessDenied, $"{folders.Root} is mounted read-only. Mount it for writing; if it was, look for errors of the disk"),
                Errno.Access or Errno.NotPermitted => Denied(exception, folders),
                Errno.FileTooBig => TooLarge(),
                Errno.NameTooLong => (StateStorageFailure.Unsupported, "the path is too long for the file system. Shorten the key or the root directory"),
                Errno.OtherDevice => (StateStorageFailure.Unsupported, $"a folder below {folders.Root} is another file system. Mount only the root, nothing below it"),
                Errno.TimedOut => (StateStorageFailure.Timeout, "the file server does not answer. Check it and the network, then try again"),
                Errno.InputOutput or Errno.StaleHandle or Errno.HostDown =>
                    (StateStorageFailure.Unavailable, $"{exception.Message}. Check the disk or the file server of {folders.Root}, then try again"),
                _ => (StateStorageFailure.Other, exception.Message.TrimEnd('.')),
            },
        };
    }

    private static (StateStorageFailure Failure, string What) Missing(Exception exception, StorageFolders folders, string path)
    {
        if (!folders.RootExists)
        {
            return File.Exists(folders.Root)
                ? (StateStorageFailure.StorageMissing, $"the root directory {folders.Root} is a file. Name a folder")
                : (StateStorageFailure.StorageMissing, $"the root directory {folders.Root} does not exist. Mount the volume, make the folder once, or set {nameof(FileSystemStateStorageOptions.CreateRootDirectory)}");
        }

        return exception.HResult == Errno.NotAFolder
            ? (StateStorageFailure.NotFound, "there is no such data, and a part of its path is data itself")
            : (StateStorageFailure.NotFound, $"there is no data under this key. It was deleted, or {path} is on a volume that other replicas do not share");
    }

    private static (StateStorageFailure Failure, string What) TooLarge() =>
        (StateStorageFailure.TooLarge, "the file is larger than the file system takes. Use another file system or split the data");

    private static (StateStorageFailure Failure, string What) Denied(Exception exception, StorageFolders folders) =>
        (StateStorageFailure.AccessDenied, $"{exception.Message.TrimEnd('.')}. Give the user of this process the right to read and write in {folders.Root} (in Kubernetes: securityContext.fsGroup)");
}
