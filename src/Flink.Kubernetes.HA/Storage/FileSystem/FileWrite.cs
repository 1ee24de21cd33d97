using Flink.Kubernetes.HA.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>One write: a temporary file beside its final name, which gets that name durably and only if it is unused.</summary>
/// <remarks>All members block, and are called one after another.</remarks>
internal sealed class FileWrite(FileCall call, StorageFolders folders, DiskCalls disk, ILogger logger)
{
    private const int MostTries = 100;

    // Flushed so often that the last flush is not the one of all data, for which no time limit would fit.
    private const int FlushBytes = 32 << 20;

    private readonly string _temporary = StorageFolders.NewUnfinished(call.Path);
    private Stream? _file;
    private long _unflushed;
    private bool _isPublished;

    public void Begin() => call.Do(
        () =>
        {
            // Saves copying gigabytes in vain; the link at the end is what decides.
            if (Path.Exists(call.Path))
            {
                throw call.Taken();
            }

            folders.CreateRoot();
            for (var tries = 1; _file is null; tries++)
            {
                try
                {
                    disk.CreateFolder(Path.GetDirectoryName(call.Path)!);
                    _file = disk.Create(_temporary);
                }
                catch (IOException exception) when (Errno.IsMissing(exception) && tries < MostTries)
                {
                    // A concurrent delete of the last file in the folder has removed the folder as well: create it again.
                }
            }
        },
        FileEffect.None);

    public void Append(byte[] buffer, int count) => call.Do(
        () =>
        {
            _file!.Write(buffer, 0, count);
            _unflushed += count;
            if (_unflushed >= FlushBytes)
            {
                disk.Flush(_file);
                _unflushed = 0;
            }
        },
        FileEffect.None);

    public void Publish()
    {
        call.Do(
            () =>
            {
                disk.Flush(_file!);
                _file!.Dispose();
            },
            FileEffect.None);
        call.Do(
            () =>
            {
                if (!disk.TryName(_temporary, call.Path))
                {
                    throw call.Taken();
                }
            },
            FileEffect.Possible);
        _isPublished = true;

        // The file has its name: a failure from here on leaves it in place, but a power failure may undo it.
        call.Do(() => folders.FlushAbove(call.Path), FileEffect.Done);
    }

    /// <summary>Removes the temporary file, and the folders that were created for it in vain.</summary>
    public void Discard()
    {
        try
        {
            _file?.Dispose();
            File.Delete(_temporary);
            if (!_isPublished)
            {
                folders.RemoveEmptyAbove(call.Path);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // It was not created.
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.UnfinishedFileRemains(logger, exception, _temporary);
        }
    }
}
