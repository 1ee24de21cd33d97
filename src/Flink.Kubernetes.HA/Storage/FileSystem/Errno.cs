using System.Runtime.InteropServices;

namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>Linux's error numbers; .NET puts them into <see cref="Exception.HResult"/> as they are.</summary>
internal static class Errno
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
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

    public static IOException ToException(int error) => new(Marshal.GetPInvokeErrorMessage(error), error);
}
