using System.IO.Enumeration;
using System.Runtime.CompilerServices;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Lists the files whose keys have a prefix.</summary>
internal sealed class FileList(StorageFolders folders, string prefix)
{
    private const int BatchSize = 256;

    public async IAsyncEnumerable<StateEntry> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var call = new FileCall("list", key: null, folders);
        var top = prefix.LastIndexOf('/') is > 0 and var end ? folders.PathOf(new StateKey(prefix[..end])) : folders.Root;
        using var files = await Task.Run(() => call.Do(() => Open(top)), cancellationToken).ConfigureAwait(false);
        if (files is null)
        {
            yield break;
        }

        // The folder is read in batches on the thread pool, because reading it blocks.
        List<StateEntry> batch;
        do
        {
            batch = await Task.Run(() => call.Do(() => Next(files)), cancellationToken).ConfigureAwait(false);
            foreach (var entry in batch)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return entry;
            }
        }
        while (batch.Count == BatchSize);
    }

    private FileWalk? Open(string top) =>
        Directory.Exists(top) ? new FileWalk(top, folders.Root, prefix)
        : folders.HasRoot ? null
        : throw new DirectoryNotFoundException($"The root directory {folders.Root} does not exist.");

    private static List<StateEntry> Next(FileWalk files)
    {
        var batch = new List<StateEntry>();
        while (batch.Count < BatchSize && files.MoveNext())
        {
            batch.Add(files.Current);
        }

        return batch;
    }
}

/// <summary>Enumerates a folder recursively, even while others write and delete in it.</summary>
internal sealed class FileWalk(string top, string root, string prefix) : FileSystemEnumerator<StateEntry>(top, new EnumerationOptions
{
    RecurseSubdirectories = true,
    IgnoreInaccessible = false,
    AttributesToSkip = 0,
})
{
    protected override bool ShouldRecurseIntoEntry(ref FileSystemEntry entry) => !entry.FileName.StartsWith('.');

    // A file that was deleted meanwhile has no time; one whose name is not a key is not ours.
    protected override bool ShouldIncludeEntry(ref FileSystemEntry entry) =>
        !entry.IsDirectory && entry.LastWriteTimeUtc.Year >= 1970 && KeyOf(ref entry) is { } key && key.Value.StartsWith(prefix, StringComparison.Ordinal);

    protected override StateEntry TransformEntry(ref FileSystemEntry entry) => new(KeyOf(ref entry)!, entry.Length, entry.LastWriteTimeUtc);

    // A folder that disappears during the enumeration was emptied by a delete.
    protected override bool ContinueOnError(int error) => error == Errno.NoEntry;

    private StateKey? KeyOf(ref FileSystemEntry entry) =>
        StateKey.TryCreate(Path.GetRelativePath(root, entry.ToFullPath()).Replace(Path.DirectorySeparatorChar, '/'));
}
