using System.IO.Enumeration;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Walks a folder and all below it, also while others write and delete there.</summary>
internal sealed class FileWalk(string top, string root, string prefix) : FileSystemEnumerator<StateEntry>(top, new EnumerationOptions
{
    RecurseSubdirectories = true,
    IgnoreInaccessible = false,
    AttributesToSkip = 0,
})
{
    protected override bool ShouldRecurseIntoEntry(ref FileSystemEntry entry) => !entry.FileName.StartsWith('.');

    // A file that is gone by now has no time any more; one with a name that is no key is not ours.
    protected override bool ShouldIncludeEntry(ref FileSystemEntry entry) =>
        !entry.IsDirectory && entry.LastWriteTimeUtc.Year >= 1970 && KeyOf(ref entry) is { } key && key.Value.StartsWith(prefix, StringComparison.Ordinal);

    protected override StateEntry TransformEntry(ref FileSystemEntry entry) => new(KeyOf(ref entry)!, entry.Length, entry.LastWriteTimeUtc);

    // A folder that vanishes under way was emptied by a delete.
    protected override bool ContinueOnError(int error) => error == Errno.NoEntry;

    private StateKey? KeyOf(ref FileSystemEntry entry) =>
        StateKey.TryCreate(Path.GetRelativePath(root, entry.ToFullPath()).Replace(Path.DirectorySeparatorChar, '/'));
}
