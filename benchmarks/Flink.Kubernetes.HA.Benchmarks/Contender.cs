using System.Diagnostics;

namespace Flink.Kubernetes.HA.Benchmarks;

/// <summary>One contending process; it says on its standard output when it leads.</summary>
internal sealed class Contender : IDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Contender(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) =>
        {
            // Ours says "ready", the peers that they have learnt who leads.
            _ready.TrySetResult();
            if (line.Data?.EndsWith(" started", StringComparison.Ordinal) is true)
            {
                _started.TrySetResult();
            }
        };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Ends when it is up and contends.</summary>
    public Task Ready => _ready.Task.WaitAsync(TimeSpan.FromMinutes(2));

    public Task Started => _started.Task.WaitAsync(TimeSpan.FromMinutes(2));

    public static Contender Start(string kubeConfig, Cluster cluster, int pair, string name, string? peer)
    {
        var start = new ProcessStartInfo(peer ?? Agent, peer is null ? OurArguments() : PeerArguments())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new Contender(Process.Start(start)!);

        string[] OurArguments() =>
        [
            "--kubeconfig", kubeConfig, "--namespace", Cluster.Namespace, "--cluster-id", cluster.Id, "--name", name, "--components", $"c{pair}",
            "--lease", "15", "--renew-deadline", "10", "--retry-period", "2", "--request-timeout", "3", "--history", "false",
        ];

        // The command line of benchmarks/peers.
        string[] PeerArguments() =>
        [
            "--kubeconfig", kubeConfig, "--namespace", Cluster.Namespace, "--name", $"{cluster.Id}-c{pair}", "--identity", name,
            "--lease-duration", "15s", "--renew-deadline", "10s", "--retry-period", "2s", "--release",
        ];
    }

    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    // Built beside this program: same configuration, its own folder.
    private static string Agent => Path.Combine(
        AppContext.BaseDirectory.Replace("benchmarks/Flink.Kubernetes.HA.Benchmarks", "tests/Flink.Kubernetes.HA.TestAgent", StringComparison.Ordinal),
        "Flink.Kubernetes.HA.TestAgent");
}
