namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Explains the errors of a disk, and what to do about them.</summary>
internal static class FileFailures
{
    public static (StateStorageFailure Failure, string What) Explain(Exception exception, StorageFolders folders, string path, bool isWrite)
    {
        if (isWrite && LiesBelowData(folders, path))
        {
            return (StateStorageFailure.AlreadyExists, "a part of its path is data itself. Use keys of which none is a prefix of another");
        }

        if (Errno.IsMissing(exception) || exception.HResult == Errno.NotAFolder)
        {
            return Missing(exception, folders, path, isWrite);
        }

        return exception switch
        {
            // .NET reports opening a folder as a file as a lack of permission.
            UnauthorizedAccessException when Directory.Exists(path) && path != folders.Root =>
                (StateStorageFailure.NotFound, "it is a folder, not data"),
            UnauthorizedAccessException => Denied(exception, folders),
            PathTooLongException =>
                (StateStorageFailure.Unsupported, "the path is too long for the file system. Shorten the key or the root directory"),
            NotSupportedException => (StateStorageFailure.Unsupported, $"{exception.Message}. Use another file system"),
            ArgumentOutOfRangeException => TooLarge(),
            _ => exception.HResult switch
            {
                Errno.NoSpace or Errno.Quota or Errno.WindowsDiskFull =>
                    (StateStorageFailure.OutOfSpace, $"the disk or the quota of {folders.Root} is full. Free space or enlarge the volume; "
                        + "nothing was written"),
                Errno.ReadOnly =>
                    (StateStorageFailure.AccessDenied, $"{folders.Root} is mounted read-only. Mount it for writing; if it was, check the disk "
                        + "for errors"),
                Errno.Access or Errno.NotPermitted => Denied(exception, folders),
                Errno.FileTooBig => TooLarge(),
                Errno.NameTooLong =>
                    (StateStorageFailure.Unsupported, "the path is too long for the file system. Shorten the key or the root directory"),
                Errno.OtherDevice =>
                    (StateStorageFailure.Unsupported, $"a folder below {folders.Root} is another file system. Mount only the root, nothing below it"),
                Errno.TimedOut => (StateStorageFailure.Timeout, "the file server does not answer. Check it and the network, then retry"),
                Errno.InputOutput or Errno.StaleHandle or Errno.HostDown =>
                    (StateStorageFailure.Unavailable, $"{exception.Message}. Check the disk or the file server of {folders.Root}, then retry"),
                _ => (StateStorageFailure.Other, exception.Message.TrimEnd('.')),
            },
        };
    }

    private static (StateStorageFailure Failure, string What) Missing(Exception exception, StorageFolders folders, string path, bool isWrite)
    {
        if (!folders.HasRoot)
        {
            return File.Exists(folders.Root)
                ? (StateStorageFailure.StorageMissing, $"the root directory {folders.Root} is a file. Specify a folder")
                : (StateStorageFailure.StorageMissing, $"the root directory {folders.Root} does not exist. Mount the volume, create the folder "
                    + $"once, or set {nameof(FileSystemStateStorageOptions.CreateRootDirectory)}");
        }

        if (isWrite)
        {
            return (StateStorageFailure.Unavailable, "the file was removed as unfinished while it was written. Write again, and remove "
                + "unfinished writes only when they are older");
        }

        return exception.HResult == Errno.NotAFolder
            ? (StateStorageFailure.NotFound, "there is no such data, and a part of its path is data itself")
            : (StateStorageFailure.NotFound, $"there is no data under this key. It was deleted, or {path} is on a volume that other replicas do "
                + "not share");
    }

    private static bool LiesBelowData(StorageFolders folders, string path)
    {
        while (path != folders.Root && Path.GetDirectoryName(path) is { } folder && folder != folders.Root)
        {
            if (File.Exists(folder))
            {
                return true;
            }

            path = folder;
        }

        return false;
    }

    private static (StateStorageFailure Failure, string What) TooLarge() =>
        (StateStorageFailure.TooLarge, "the file is larger than the file system accepts. Use another file system or split the data");

    private static (StateStorageFailure Failure, string What) Denied(Exception exception, StorageFolders folders) =>
        (StateStorageFailure.AccessDenied, $"{exception.Message.TrimEnd('.')}. Grant the user of this process read and write permission in "
            + $"{folders.Root} (in Kubernetes: securityContext.fsGroup)");
}
