using System.Threading.Channels;

namespace Flink.Kubernetes.HA.RealServer.Tests;

/// <summary>A contender in a process of its own.</summary>
internal sealed class AgentProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    private AgentProcess(string name, Process process)
    {
        Name = name;
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public string Name { get; }

    public string Address => $"http://{Name}/{RealElection.Component}";

    /// <summary>What it tells on its standard output after "ready", to the end.</summary>
    public ChannelReader<string> Lines => _lines.Reader;

    public static async Task<AgentProcess> StartAsync(RealElection election, string name, TimeSpan lease, string? components = null, params IReadOnlyList<string> more)
    {
        // The agent is built beside this assembly: same configuration, its own folder.
        var program = Path.Combine(AppContext.BaseDirectory.Replace("Flink.Kubernetes.HA.RealServer.Tests", "Flink.Kubernetes.HA.TestAgent", StringComparison.Ordinal), "Flink.Kubernetes.HA.TestAgent");
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[
            "--kubeconfig", election.Server.KubeConfigPath!, "--namespace", election.Namespace, "--cluster-id", RealElection.ClusterId,
            "--name", name, "--components", components ?? RealElection.Component.Name, "--lease", lease.TotalSeconds.ToString(CultureInfo.InvariantCulture), .. more])
        {
            start.ArgumentList.Add(argument);
        }

        var agent = new AgentProcess(name, Process.Start(start)!);
        if (await agent._process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) != "ready")
        {
            throw new InvalidOperationException($"{name} did not start:\n{await agent._errors}");
        }

        _ = agent.ReadAsync();
        return agent;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public void Terminate() => Signal("TERM");

    public void Pause() => Signal("STOP");

    public void Resume() => Signal("CONT");

    /// <summary>Waits for the end; returns what it has logged.</summary>
    public async Task<string> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return await _errors;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await _process.StandardOutput.ReadLineAsync() is { } line)
            {
                _lines.Writer.TryWrite(line);
            }

            _lines.Writer.TryComplete();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Disposed in the middle: the test has ended.
            _lines.Writer.TryComplete();
        }
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        kill.ExitCode.Should().Be(0);
    }
}
