namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>The root, and the names of data and of writes in progress below it.</summary>
internal sealed class StorageFolders(string root, bool createRoot, DiskCalls disk)
{
    // No segment of a key begins with a dot.
    private const char UnfinishedStart = '.';
    private const string UnfinishedEnd = ".unfinished";
    private const int RandomLength = 32;

    public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));

    /// <summary>Whether the root exists, or may be created and was not needed yet.</summary>
    public bool HasRoot => Directory.Exists(Root) || (createRoot && !File.Exists(Root));

    /// <summary>Returns a name for a new temporary file beside a file, from which <see cref="KeyOfUnfinished"/> can tell whose it is.</summary>
    public static string NewUnfinished(string path) => Path.Join(
        Path.GetDirectoryName(path), $"{UnfinishedStart}{Path.GetFileName(path)}.{Guid.NewGuid():N}{UnfinishedEnd}");

    public string PathOf(StateKey key) => Path.Join(Root, key.Value.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>Returns the key of a file, or <see langword="null"/> if it is not ours.</summary>
    public StateKey? KeyOf(string path) => StateKey.TryCreate(Path.GetRelativePath(Root, path).Replace(Path.DirectorySeparatorChar, '/'));

    /// <summary>Returns the key for which a temporary file was made, or <see langword="null"/> if it is not one of ours.</summary>
    public StateKey? KeyOfUnfinished(string path)
    {
        var name = Path.GetFileName(path);
        var end = name.Length - UnfinishedEnd.Length - RandomLength - 1;
        return end > 1 && name[0] == UnfinishedStart && name[end] == '.' && name.EndsWith(UnfinishedEnd, StringComparison.Ordinal)
                && name[(end + 1)..(end + 1 + RandomLength)].All(char.IsAsciiHexDigitLower)
            ? KeyOf(Path.Join(Path.GetDirectoryName(path), name[1..end]))
            : null;
    }

    public void CreateRoot()
    {
        if (Directory.Exists(Root))
        {
            return;
        }

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
