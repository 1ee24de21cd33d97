namespace Flink.Kubernetes.HA.Storage.FileSystem;

/// <summary>The names that Windows gives to devices in every folder, with any extension: <c>aux</c> and <c>com1.txt</c> are no files there.</summary>
internal static class WindowsDevices
{
    private static readonly HashSet<string> Names = new(
        ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", .. Ports("COM"), .. Ports("LPT")], StringComparer.OrdinalIgnoreCase);

    public static bool IsIn(StateKey key) => key.Value.Split('/').Any(segment => Names.Contains(segment.Split('.')[0].TrimEnd()));

    // The superscript digits are digits there.
    private static IEnumerable<string> Ports(string name) => "123456789\u00B9\u00B2\u00B3".Select(digit => name + digit);
}
