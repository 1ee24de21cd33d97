using System.Diagnostics;

namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>The cluster of the kubeconfig that kubectl would use.</summary>
internal static class ExistingCluster
{
    /// <summary>Writes the current context, and all that it needs, into one file.</summary>
    /// <returns>The file's path; the caller deletes it.</returns>
    /// <remarks>
    /// kubectl itself merges the files of KUBECONFIG, reads the files that they name and resolves relative paths. So the tests, the processes
    /// that they start, and kubectl cannot disagree about which cluster it is.
    /// </remarks>
    internal static async Task<string> WriteKubeConfigAsync()
    {
        var start = new ProcessStartInfo("kubectl", ["config", "view", "--raw", "--minify", "--flatten"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var kubectl = Process.Start(start)!;
        var output = kubectl.StandardOutput.ReadToEndAsync();
        var errors = kubectl.StandardError.ReadToEndAsync();
        await kubectl.WaitForExitAsync();
        if (kubectl.ExitCode != 0)
        {
            throw new InvalidOperationException($"The existing cluster is to be used, and kubectl finds no kubeconfig with a current context: {await errors}");
        }

        // Only this user can read it.
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, await output);
        return path;
    }
}
