using System.Diagnostics;

namespace Flink.Kubernetes.HA.Storage.Tests.S3;

/// <summary>The scripts of tests/servers/s3, which the build puts beside the tests.</summary>
internal static class S3Scripts
{
    internal static string CacheFolder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } home ? home : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "flink-kubernetes-ha",
        "s3");

    internal static ProcessStartInfo Command(string script, params IEnumerable<string> arguments) =>
        new("bash", [Path.Combine(AppContext.BaseDirectory, "servers", "s3", script), .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };

    /// <summary>Runs a script to its end; fails with its last words.</summary>
    internal static async Task RunAsync(string script, params string[] arguments)
    {
        using var process = Process.Start(Command(script, arguments))!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{script} {string.Join(' ', arguments)} failed with exit code {process.ExitCode}:\n{errors}");
        }
    }
}
