using System.Runtime.CompilerServices;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Lists the files whose keys begin alike.</summary>
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

        // The disk is asked in batches, for asking blocks a thread.
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

    private FileWalk? Open(string top)
    {
        try
        {
            return new FileWalk(top, folders.Root, prefix);
        }
        catch (Exception exception) when (folders.RootExists && exception is DirectoryNotFoundException or IOException { HResult: Errno.NotAFolder })
        {
            return null;
        }
    }

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
