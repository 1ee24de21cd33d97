using System.Diagnostics;

namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>The scripts of tests/servers/apiserver, which the build puts beside the tests.</summary>
internal static class ApiServerScripts
{
    private static string Folder => Path.Combine(AppContext.BaseDirectory, "servers", "apiserver");

    internal static ProcessStartInfo Command(string script, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("bash")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Path.Combine(Folder, script));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    /// <summary>Runs a script to its end; fails with its last words.</summary>
    /// <param name="showProgress">Whether its standard error goes to the console as it comes.</param>
    internal static async Task RunAsync(string script, IEnumerable<string> arguments, bool showProgress = false)
    {
        using var process = Process.Start(Command(script, arguments))!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var lastWords = new Queue<string>();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            lastWords.Enqueue(line);
            if (lastWords.Count > 30)
            {
                lastWords.Dequeue();
            }

            if (showProgress)
            {
                await Console.Error.WriteLineAsync(line);
            }
        }

        await output;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{script} {string.Join(' ', arguments)} failed with exit code {process.ExitCode}:\n{string.Join('\n', lastWords)}");
        }
    }
}
