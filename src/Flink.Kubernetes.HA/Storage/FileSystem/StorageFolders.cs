namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>The root, the folders of keys below it, and the folder of writes that are under way.</summary>
internal sealed class StorageFolders(string root, bool createRoot, DiskCalls disk)
{
    // No segment of a key begins with a dot.
    private const string UnfinishedName = ".unfinished";

    public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    public bool RootExists => Directory.Exists(Root);

    public string PathOf(StateKey key) => Path.Join(Root, key.Value.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>A name for a new file beside the data, on the same disk.</summary>
    public string NewUnfinished()
    {
        if (!RootExists)
        {
            if (!createRoot)
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
            : RootExists ? []
            : throw new DirectoryNotFoundException($"The root directory {Root} does not exist.");
    }

    /// <summary>Flushes the folder of a file and all above it up to the root: each may be new, made by us or by another writer.</summary>
    public void FlushAbove(string path)
    {
        for (var folder = Path.GetDirectoryName(path)!; ; folder = Path.GetDirectoryName(folder)!)
        {
            disk.FlushFolder(folder);
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
            // It is not empty, or somebody else was first.
        }
    }
}
