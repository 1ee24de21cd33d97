using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>The Unix calls that .NET does not offer.</summary>
internal static partial class LibC
{
    public const int ReadOnly = 0;

    /// <summary>O_WRONLY | O_CREAT | O_EXCL, on Linux.</summary>
    public const int CreateNew = 0x1 | 0x40 | 0x80;

    /// <summary>O_CLOEXEC, on Linux: a child process does not inherit the file.</summary>
    public const int CloseOnExec = 0x80000;

    public const int CurrentFolder = -100;
    public const uint RenameNoReplace = 1;
    public const uint StatusLinkCount = 4;

    /// <summary>AT_STATX_FORCE_SYNC: reads from the file server instead of the cache of the client.</summary>
    public const int StatusOfServer = 0x2000;

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string existing, string path);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Rename(int existingFolder, string existing, int folder, string path, uint flags);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Flush(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Status(int folder, string path, int flags, uint mask, out FileStatus status);

    /// <summary>The kernel's struct statx, which is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct FileStatus
    {
        [FieldOffset(16)]
        public uint LinkCount;
    }
}

/// <summary>The error numbers of Linux, which .NET stores unchanged in <see cref="Exception.HResult"/>.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Interrupted = 4;
    public const int InputOutput = 5;
    public const int Access = 13;
    public const int Exists = 17;
    public const int OtherDevice = 18;
    public const int NotAFolder = 20;
    public const int Invalid = 22;
    public const int FileTooBig = 27;
    public const int NoSpace = 28;
    public const int ReadOnly = 30;
    public const int TooManyLinks = 31;
    public const int NameTooLong = 36;
    public const int NoSystemCall = 38;
    public const int NotSupported = 95;
    public const int TimedOut = 110;
    public const int HostDown = 112;
    public const int StaleHandle = 116;
    public const int Quota = 122;

    /// <summary>Windows' HRESULTs for a full disk.</summary>
    public const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <summary>The error of a call that has just returned, or 0.</summary>
    public static int Of(int result) => result == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Whether a file or folder does not exist.</summary>
    public static bool IsMissing(Exception exception) =>
        exception is FileNotFoundException or DirectoryNotFoundException || exception.HResult == NoEntry;

    public static IOException ToException(int error) => new(Marshal.GetPInvokeErrorMessage(error), error);
}
