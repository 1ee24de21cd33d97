using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Flink.Kubernetes.HA.TestInfrastructure.RealServers;

/// <summary>A kube-apiserver and an etcd that this test run started.</summary>
/// <remarks>
/// start.sh keeps both for as long as its command runs, and the command runs until its standard input ends. That is a pipe
/// from this process, so both servers go when this process ends, also when it is killed.
/// </remarks>
internal sealed class ApiServerProcesses : IAsyncDisposable
{
    private const int SigKill = 9;
    private const int SigCont = 18;
    private const int SigStop = 19;
    private readonly Process _keeper;

    private ApiServerProcesses(Process keeper, string directory) => (_keeper, StateDirectory) = (keeper, directory);

    internal string StateDirectory { get; }

    internal string KubeConfigPath => Path.Combine(StateDirectory, "kubeconfig");

    /// <summary>The address of etcd, without TLS.</summary>
    internal Uri Etcd => new(File.ReadLines(Path.Combine(StateDirectory, "env")).Single(l => l.Contains("KAS_ETCD=", StringComparison.Ordinal)).Split('\'')[1]);

    internal int ServerProcessId => int.Parse(File.ReadAllText(ServerProcessFile), System.Globalization.CultureInfo.InvariantCulture);

    private string ServerProcessFile => Path.Combine(StateDirectory, "kube-apiserver.pid");

    internal static async Task<ApiServerProcesses> StartAsync()
    {
        var binaries = await ApiServerBinaries.GetFolderAsync();
        var keeper = new Process
        {
            StartInfo = ApiServerScripts.Command("start.sh", "-b", binaries, "-w", "120", "-r", "sh", "-c", "printf '%s\\n' \"$KAS_DIR\"; exec cat >/dev/null"),
        };
        var errors = new StringBuilder();
        keeper.ErrorDataReceived += (_, line) =>
        {
            lock (errors)
            {
                errors.AppendLine(line.Data);
            }
        };
        keeper.Start();
        keeper.BeginErrorReadLine();
        if (await keeper.StandardOutput.ReadLineAsync() is { Length: > 0 } directory)
        {
            return new ApiServerProcesses(keeper, directory);
        }

        await keeper.WaitForExitAsync();
        keeper.Dispose();
        lock (errors)
        {
            throw new InvalidOperationException($"The API server did not start:\n{errors}");
        }
    }

    /// <summary>Stops the API server and starts it again: same port, same data, an empty watch cache.</summary>
    internal Task RestartAsync() => ApiServerScripts.RunAsync("restart.sh", [StateDirectory]);

    /// <summary>Kills the API server with SIGKILL and waits until it is gone.</summary>
    internal async Task KillAsync()
    {
        var process = ServerProcessId;
        Signal(process, SigKill);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (IsAlive(process))
        {
            await tick.WaitForNextTickAsync();
        }
    }

    internal void Pause() => Signal(ServerProcessId, SigStop);

    internal void Resume() => Signal(ServerProcessId, SigCont);

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(ServerProcessFile) && IsAlive(ServerProcessId))
        {
            // A paused server does not hear that it is to end.
            Resume();
        }

        _keeper.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await _keeper.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // Both servers are told by the kernel when start.sh dies.
            _keeper.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"start.sh did not end within 30 s; see {StateDirectory}.");
        }
        finally
        {
            _keeper.Dispose();
        }
    }

    // A process that has ended but was not yet waited for has an empty command line.
    private static bool IsAlive(int process)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{process}/cmdline").Length > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void Signal(int process, int signal)
    {
        if (Kill(process, signal) != 0)
        {
            throw new InvalidOperationException($"Signal {signal} did not reach the API server, process {process}: errno {Marshal.GetLastPInvokeError()}.");
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
