namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>The root, the folders of keys below it, and the folder of writes in progress.</summary>
internal sealed class StorageFolders(string root, bool createRoot, DiskCalls disk)
{
    // No segment of a key begins with a dot.
    private const string UnfinishedName = ".unfinished";

    public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    /// <summary>Whether the root exists, or may be created and was not needed yet.</summary>
    public bool HasRoot => Directory.Exists(Root) || (createRoot && !File.Exists(Root));

    public string PathOf(StateKey key) => Path.Join(Root, key.Value.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Returns a name for a new temporary file on the same disk as the data.</summary>
    public string NewUnfinished()
    {
        if (!Directory.Exists(Root))
        {
            if (!HasRoot)
            {
                throw new DirectoryNotFoundException($"The root directory {Root} does not exist.");
            }

            disk.CreateFolder(Root);
            if (Path.GetDirectoryName(Root) is { } parent)
            {
                disk.FlushFolder(parent);
            }
        }

        var folder = Path.Join(Root, UnfinishedName);
        disk.CreateFolder(folder);
        return Path.Join(folder, Guid.NewGuid().ToString("N"));
    }

    public IEnumerable<FileInfo> Unfinished()
    {
        var folder = new DirectoryInfo(Path.Join(Root, UnfinishedName));
        return folder.Exists ? folder.EnumerateFiles()
            : HasRoot ? []
            : throw new DirectoryNotFoundException($"The root directory {Root} does not exist.");
    }

    /// <summary>Flushes the folder of a file and all folders above it up to the root: each may be new, created by this or another writer.</summary>
    public void FlushAbove(string path)
    {
        for (var folder = Path.GetDirectoryName(path)!; ; folder = Path.GetDirectoryName(folder)!)
        {
            try
            {
                disk.FlushFolder(folder);
            }
            catch (IOException exception) when (Errno.IsMissing(exception) && folder != Root)
            {
                // The new data was deleted meanwhile, together with its folder.
            }

            if (folder == Root)
            {
                return;
            }
        }
    }

    public void RemoveEmptyAbove(string path)
    {
        try
        {
            for (var folder = Path.GetDirectoryName(path)!; folder != Root; folder = Path.GetDirectoryName(folder)!)
            {
                Directory.Delete(folder);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The folder is not empty, or someone else has removed it.
        }
    }
}
