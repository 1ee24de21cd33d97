namespace Flink.Kubernetes.HA.KubeClient.Authentication;

/// <summary>Finds a command as a shell does: by PATH and, unlike the runtime, never in the current folder.</summary>
internal static class ExecutablePath
{
    public static string? Find(string command, AuthenticationEnvironment environment)
    {
        if (Path.IsPathRooted(command))
        {
            return FindFile(command, environment);
        }

        var folders = (environment.Variable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Where(Path.IsPathRooted).Select(f => FindFile(Path.Combine(f, command), environment)).FirstOrDefault(p => p is not null);
    }

    private static string? FindFile(string path, AuthenticationEnvironment environment)
    {
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
            return File.Exists(path) && (File.GetUnixFileMode(path) & AnyExecute) != 0 ? path : null;
        }

        string[] endings = [string.Empty, .. (environment.Variable("PATHEXT") ?? ".COM;.EXE;.BAT;.CMD").Split(';', StringSplitOptions.RemoveEmptyEntries)];
        return endings.Where(e => e.Length > 0 || Path.HasExtension(path)).Select(e => path + e).FirstOrDefault(File.Exists);
    }
}
