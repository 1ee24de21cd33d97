using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>The calls to the disk; tests replace them to inject failures.</summary>
internal class DiskCalls
{
    private const int ReadAndWriteForAll = 0x1B6; // 0666, less the umask

    // FileStream locks what it opens, and on NFS a lock needs a daemon of the file server that may not be there: the call then never returns. Data is
    // written once under names of its own, so no lock is needed.
    public virtual Stream Create(string path) => OperatingSystem.IsLinux()
        ? new FileStream(Open(path, LibC.CreateNew | LibC.CloseOnExec), FileAccess.Write, bufferSize: 0)
        : new FileStream(
            path,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.Read,
                BufferSize = 0,
            });

    public virtual Stream OpenRead(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return new FileStream(
                path,
                new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 });
        }

        var file = Open(path, LibC.ReadOnly | LibC.CloseOnExec);
        if ((File.GetAttributes(file) & FileAttributes.Directory) == 0)
        {
            return new FileStream(file, FileAccess.Read, bufferSize: 0);
        }

        file.Dispose();
        throw new UnauthorizedAccessException($"{path} is a folder.");
    }

    public virtual void Flush(Stream file) => ((FileStream)file).Flush(flushToDisk: true);

    public virtual void CreateFolder(string path) => Directory.CreateDirectory(path);

    /// <summary>Deletes a file that must exist.</summary>
    public virtual void Delete(string path)
    {
        // File.Delete ignores a missing file, and File.Exists hides one that may not be accessed.
        if ((File.GetAttributes(path) & FileAttributes.Directory) != 0)
        {
            throw new FileNotFoundException(null, path);
        }

        File.Delete(path);
    }

    /// <summary>Gives the file its name unless that is in use, atomically.</summary>
    /// <returns>Whether the name was unused.</returns>
    public bool TryName(string temporary, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return TryMove(temporary, path);
        }

        // Not File.Move or rename: both could replace a file that another writer has created in the meantime.
        switch (Link(temporary, path))
        {
            case 0:
                return true;
            case Errno.Exists:
                // On NFS the response to the first request may be lost; the retransmitted one then finds its own link.
                return LinkCount(temporary) > 1;
            case Errno.NotPermitted or Errno.NotSupported or Errno.NoSystemCall or Errno.TooManyLinks when OperatingSystem.IsLinux():
                return Rename(temporary, path) switch
                {
                    0 => true,
                    Errno.Exists => false,
                    Errno.Invalid or Errno.NoSystemCall or Errno.NotSupported => throw new NotSupportedException(
                        "The file system has neither hard links nor a rename that does not replace, so two writers of one key could both succeed"),
                    var error => throw Errno.ToException(error),
                };
            case var error:
                throw Errno.ToException(error);
        }
    }

    /// <summary>Makes the names in a folder survive a power failure.</summary>
    public virtual void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals them.
        }

        using var folder = Open(path, OperatingSystem.IsLinux() ? LibC.ReadOnly | LibC.CloseOnExec : LibC.ReadOnly);
        int error;
        do
        {
            error = Errno.Of(LibC.Flush(folder));
        }
        while (error == Errno.Interrupted);

        // Some file systems refuse to flush a folder because they write it synchronously.
        if (error is not (0 or Errno.Invalid or Errno.NotSupported or Errno.ReadOnly))
        {
            throw Errno.ToException(error);
        }
    }

    /// <summary>Returns the next files of a list; fewer than asked for at its end.</summary>
    public virtual List<FoundFile> Next(FileWalk files, int count)
    {
        var batch = new List<FoundFile>();
        while (batch.Count < count && files.MoveNext())
        {
            batch.Add(files.Current);
        }

        return batch;
    }

    protected virtual int Link(string temporary, string path) => Errno.Of(LibC.Link(temporary, path));

    protected virtual int Rename(string temporary, string path)
    {
        try
        {
            return Errno.Of(LibC.Rename(LibC.CurrentFolder, temporary, LibC.CurrentFolder, path, LibC.RenameNoReplace));
        }
        catch (EntryPointNotFoundException)
        {
            return Errno.NoSystemCall;
        }
    }

    private static SafeFileHandle Open(string path, int flags)
    {
        while (true)
        {
            var file = LibC.Open(path, flags, ReadAndWriteForAll);
            var error = file < 0 ? Marshal.GetLastPInvokeError() : 0;
            if (error == 0)
            {
                return new SafeFileHandle(file, ownsHandle: true);
            }

            if (error != Errno.Interrupted)
            {
                throw Errno.ToException(error);
            }
        }
    }

    private static uint LinkCount(string path)
    {
        try
        {
            return OperatingSystem.IsLinux() && LibC.Status(LibC.CurrentFolder, path, LibC.StatusOfServer, LibC.StatusLinkCount, out var status) == 0
                ? status.LinkCount
                : 1;
        }
        catch (EntryPointNotFoundException)
        {
            return 1;
        }
    }

    private static bool TryMove(string temporary, string path)
    {
        try
        {
            File.Move(temporary, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }
}
