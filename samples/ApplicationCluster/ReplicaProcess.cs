using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ApplicationCluster;

/// <summary>A replica as the director sees it: an operating-system process.</summary>
internal sealed partial class ReplicaProcess : IDisposable
{
    private const int SigTerm = 15;

    private readonly Process _process;

    private ReplicaProcess(string name, Process process, Action<string, string> say)
    {
        (Name, _process) = (name, process);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                say(name, text);
            }
        };
        process.BeginOutputReadLine();
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool IsRunning => !_process.HasExited;

    /// <param name="name">Its name.</param>
    /// <param name="settings">What it is to agree on with the others.</param>
    /// <param name="kubeConfig">How it reaches the API server.</param>
    /// <param name="say">Is told its name and what it prints, line by line.</param>
    public static ReplicaProcess Start(string name, Settings settings, string kubeConfig, Action<string, string> say)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ReplicaProcess).Assembly.Location);
        }

        foreach (var argument in settings.ToArguments(name, kubeConfig))
        {
            start.ArgumentList.Add(argument);
        }

        return new ReplicaProcess(name, Process.Start(start)!, say);
    }

    public void CancelJob() => _process.StandardInput.WriteLine("cancel");

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
