namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>A contender of client-go 0.20.2 with a ConfigMap lock, in a process of its own.</summary>
internal sealed class ClientGo : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;

    private ClientGo(Process process)
    {
        _process = process;
        _reading = ReadAsync();
    }

    public static TimeSpan Lease { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Ends when it leads.</summary>
    public Task Started => _started.Task;

    public static async Task<ClientGo> StartAsync(RealElection election, string identity)
    {
        var start = new ProcessStartInfo(
            await ApiServerBinaries.GetContenderAsync(),
            ["--kubeconfig", election.Server.KubeConfigPath!, "--namespace", election.Namespace, "--name", election.Key.Name, "--identity", identity,
             "--lease-duration", "5s", "--renew-deadline", "3s", "--retry-period", "1s", "--release"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return new ClientGo(process);
    }

    public void Kill() => _process.Kill();

    public void Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public async Task<string> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await _reading;
        return _output.ToString();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    // A line is: <unix seconds> <identity> <event>.
    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            _output.AppendLine(line);
            if (line.EndsWith(" started", StringComparison.Ordinal))
            {
                _started.TrySetResult();
            }
        }
    }
}
