using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Flink.Kubernetes.HA.Benchmarks.Candidates;

/// <summary>Signals by their numbers on Linux.</summary>
internal enum Signal
{
    HangUp = 1,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>One candidate, and what it has said so far; each event has the moment that the candidate itself gave.</summary>
internal sealed class CandidateProcess : IDisposable
{
    private static readonly ConcurrentDictionary<CandidateProcess, bool> Running = new();

    private readonly Process _process;
    private readonly ConcurrentQueue<(double At, string What)> _events = new();
    private double? _exited;

    public CandidateProcess(Client client, Times times, string kubeConfig, string name, string identity, params string[] more)
    {
        Identity = identity;
        string[] common =
        [
            "--kubeconfig", kubeConfig, "--namespace", Cluster.Namespace, "--name", name, "--identity", identity,
            "--lease-duration", $"{times.Lease}s", "--renew-deadline", $"{times.Deadline}s", "--retry-period", $"{times.Retry}s", "--release",
        ];
        var start = new ProcessStartInfo(client.Program, [.. client.Arguments, .. common, .. more])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        Running.TryAdd(this, true);
        _process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Split(' ', 3) is [var at, _, var what] && double.TryParse(at, CultureInfo.InvariantCulture, out var moment))
            {
                _events.Enqueue((moment, what));
            }
        };
        _process.ErrorDataReceived += (_, line) => LastError = line.Data ?? LastError;
        _process.EnableRaisingEvents = true;
        _process.Exited += (_, _) => _exited = Clock.Now;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Identity { get; }

    public string? LastError { get; private set; }

    public double? ExitedAt => _exited;

    public bool IsLeading => ExitedAt is null && _events.LastOrDefault(e => e.What is "started" or "stopped").What == "started";

    /// <summary>Whom it has last observed to lead.</summary>
    public string? Leader => _events.LastOrDefault(e => e.What.StartsWith("leader=", StringComparison.Ordinal)).What?[7..];

    /// <summary>When it said this for the first time after a moment.</summary>
    public double? FirstAfter(double moment, string what)
    {
        foreach (var (at, said) in _events)
        {
            if (at >= moment && said == what)
            {
                return at;
            }
        }

        return null;
    }

    public int Count(string what, double before) => _events.Count(e => e.What == what && e.At < before);

    /// <summary>Requests by method as of the first count after a moment, and when they were counted.</summary>
    public (double At, Dictionary<string, int> Counts)? RequestsAfter(double moment)
    {
        var (at, what) = _events.FirstOrDefault(e => e.At >= moment && e.What.StartsWith("requests ", StringComparison.Ordinal));
        return what is null ? null : (at, what.Split(' ').Skip(1).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => int.Parse(pair[1], CultureInfo.InvariantCulture)));
    }

    /// <summary>Processor time so far, and resident memory in bytes.</summary>
    public (double Seconds, long Memory) Usage()
    {
        _process.Refresh();
        return (_process.TotalProcessorTime.TotalSeconds, _process.WorkingSet64);
    }

    /// <summary>Bytes on the heap of this library's candidate after a full collection; 0 if it does not say.</summary>
    public async Task<long> HeapAsync()
    {
        var begin = Send(Signal.HangUp);
        (double At, string? What) said = default;
        await Clock.UntilAsync(() => (said = _events.FirstOrDefault(e => e.At >= begin && e.What.StartsWith("heap=", StringComparison.Ordinal))).What is not null, 30);
        return said.What is { } heap ? long.Parse(heap[5..], CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>Sends a signal and returns the moment just before.</summary>
    public double Send(Signal signal)
    {
        var at = Clock.Now;
        return Kill(_process.Id, (int)signal) == 0 ? at : throw new InvalidOperationException($"{Identity} has ended. {LastError}");
    }

    /// <summary>Ends what a scenario that failed has left running: it would burden the next one.</summary>
    public static void EndAll()
    {
        foreach (var candidate in Running.Keys)
        {
            candidate.Dispose();
        }
    }

    public void Dispose()
    {
        if (!Running.TryRemove(this, out _))
        {
            return;
        }

        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Kill(int process, int signal);
}
