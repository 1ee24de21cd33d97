using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ApplicationCluster;

/// <summary>A replica as the director sees it: an operating-system process.</summary>
internal sealed partial class ReplicaProcess : IDisposable
{
    private const int SigTerm = 15;

    private readonly Process _process;

    private ReplicaProcess(string name, Process process) => (Name, _process) = (name, process);

    public string Name { get; }

    public int Id => _process.Id;

    public bool IsRunning => !_process.HasExited;

    public static ReplicaProcess Start(string name, Settings settings, string kubeConfig)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ReplicaProcess).Assembly.Location);
        }

        foreach (var argument in settings.ToArguments(name, kubeConfig))
        {
            start.ArgumentList.Add(argument);
        }

        return new ReplicaProcess(name, Process.Start(start)!);
    }

    /// <summary>SIGKILL: the process has no say in it.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM, as Kubernetes sends to a pod that is to go; where there are no signals, the end of its standard input.</summary>
    public void Terminate()
    {
        if (OperatingSystem.IsWindows())
        {
            _process.StandardInput.Close();
        }
        else if (kill(_process.Id, SigTerm) != 0)
        {
            throw new InvalidOperationException($"SIGTERM could not be sent to {Name}: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    public void Dispose()
    {
        if (IsRunning)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
