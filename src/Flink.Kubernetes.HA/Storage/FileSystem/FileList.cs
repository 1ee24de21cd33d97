using System.IO.Enumeration;
using System.Runtime.CompilerServices;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Lists the files whose keys have a prefix.</summary>
/// <param name="call">The call.</param>
/// <param name="folders">The folders.</param>
/// <param name="disk">The disk.</param>
/// <param name="prefix">The prefix.</param>
/// <param name="keyOf">Returns the key of a path, or <see langword="null"/> for a file that is not wanted.</param>
internal sealed class FileList(FileCall call, StorageFolders folders, DiskCalls disk, string prefix, Func<string, StateKey?> keyOf)
{
    private const int BatchSize = 256;

    public async IAsyncEnumerable<FoundFile> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var top = prefix.LastIndexOf('/') is > 0 and var end ? folders.PathOf(new StateKey(prefix[..end])) : folders.Root;
        FileWalk? files = null;
        await call.RunAsync(() => files = Open(top), () => files?.Dispose(), FileEffect.None, cancellationToken).ConfigureAwait(false);
        if (files is null)
        {
            yield break;
        }

        try
        {
            // In batches, so that a folder of any size takes steps that fit into the time limit.
            List<FoundFile> batch;
            do
            {
                batch = await call.RunAsync(() => disk.Next(files, BatchSize), files.Dispose, FileEffect.None, cancellationToken).ConfigureAwait(false);
                foreach (var file in batch)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return file;
                }
            }
            while (batch.Count == BatchSize);
        }
        finally
        {
            // Disposing waits for a step that is still running, which disposes it itself.
            if (!call.IsAbandoned)
            {
                files.Dispose();
            }
        }
    }

    private FileWalk? Open(string top) =>
        Directory.Exists(top) ? new FileWalk(top, folders.Root, prefix, keyOf)
        : folders.HasRoot ? null
        : throw new DirectoryNotFoundException($"The root directory {folders.Root} does not exist.");
}

/// <summary>A file of ours.</summary>
internal sealed record FoundFile(StateKey Key, string Path, long Size, DateTimeOffset LastModified);

/// <summary>Enumerates a folder recursively, even while others write and delete in it.</summary>
internal sealed class FileWalk(string top, string root, string prefix, Func<string, StateKey?> keyOf) : FileSystemEnumerator<FoundFile>(top, new EnumerationOptions
{
    RecurseSubdirectories = true,
    IgnoreInaccessible = false,
    AttributesToSkip = 0,
})
{
    private readonly string _root = root;

    // A volume may have a folder of its file system at the top, which only root may read. Any other that can't be read is an error: skipping it
    // would pass its data for missing.
    protected override bool ShouldRecurseIntoEntry(ref FileSystemEntry entry) =>
        !entry.FileName.StartsWith('.') && !(entry.FileName is "lost+found" && entry.Directory.SequenceEqual(_root) && !CanRead(entry.ToFullPath()));

    // A file that was deleted meanwhile has no time; one whose name is not a key is not ours.
    protected override bool ShouldIncludeEntry(ref FileSystemEntry entry) =>
        !entry.IsDirectory && entry.LastWriteTimeUtc.Year >= 1970 && keyOf(entry.ToFullPath()) is { } key && key.Value.StartsWith(prefix, StringComparison.Ordinal);

    protected override FoundFile TransformEntry(ref FileSystemEntry entry)
    {
        var path = entry.ToFullPath();
        return new FoundFile(keyOf(path)!, path, entry.Length, entry.LastWriteTimeUtc);
    }

    // A folder that disappears during the enumeration was emptied by a delete.
    protected override bool ContinueOnError(int error) => error == Errno.NoEntry;

    private static bool CanRead(string folder)
    {
        try
        {
            _ = Directory.EnumerateFileSystemEntries(folder).Any();
            return true;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            return false;
        }
    }
}
