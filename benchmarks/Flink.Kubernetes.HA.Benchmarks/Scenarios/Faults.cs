using System.Diagnostics;

namespace Flink.Kubernetes.HA.Benchmarks.Scenarios;

/// <summary>What becomes of a leader and its standby when the API server or the leader itself does not respond for a while.</summary>
internal static class Faults
{
    private const int After = 25;

    private static readonly string[] Head =
        ["client", "locks", "kept", "moved", "dead", "another leads after, p50", "both believed, max", "nobody believed, max", "first write after the end, p50", "max", "processes that ended"];

    public static async Task RunAsync(Run run, int locks)
    {
        // 1. Connections are reset and refused. 2. The server answers, but cannot store. 3. It accepts, and does not answer.
        await MeasureAsync(run, locks, "Connections to the API server are refused for 8 s", 8, async groups =>
        {
            groups.ForEach(group => group.Proxy!.Refuse(true));
            await Clock.PassAsync(8);
            groups.ForEach(group => group.Proxy!.Refuse(false));
        });
        await MeasureAsync(run, locks, "etcd is stopped (SIGSTOP) for 8 s", 8, _ => StopAsync("KAS_ETCD_PID", 8));
        foreach (var seconds in run.IsQuick ? (int[])[8] : [8, 12])
        {
            await MeasureAsync(run, locks, $"The API server is stopped (SIGSTOP) for {seconds} s", seconds, _ => StopAsync("KAS_APISERVER_PID", seconds));
        }

        await MeasureAsync(run, locks, "The leading process is stopped (SIGSTOP) for 20 s", 20, async groups =>
        {
            var leaders = groups.Select(group => group.Leader).ToList();
            leaders.ForEach(leader => leader.Send(Signal.Stop));
            await Clock.PassAsync(20);
            leaders.ForEach(leader => leader.Send(Signal.Continue));
        }, isLeaderStopped: true);
    }

    private static async Task MeasureAsync(Run run, int locks, string title, int seconds, Func<List<Group>, Task> fault, bool isLeaderStopped = false)
    {
        var groups = await run.StartAsync(Times.Default, 1, locks, hasProxy: true);
        await Clock.PassAsync(3);
        var leaders = groups.ToDictionary(group => group, group => group.Leader);
        var begin = Clock.Now;
        await fault(groups);
        var end = Clock.Now;
        await Clock.PassAsync(After);
        run.Report.Text(
            $"**{title}.** {Times.Default}, one standby a lock. *Kept*: the leader leads on and renews. *Moved*: the standby leads. *Dead*: nobody has renewed within {After} s of the end.\n"
            + "*Both* and *nobody* as the processes themselves say by `started` and `stopped`; a process that is stopped believes nothing.");
        run.Report.Table(Head, run.Clients.Select(client => Row(client, [.. groups.Where(group => group.Client == client)])));
        await Run.EndAsync(groups);

        string[] Row(Client client, List<Group> ofClient)
        {
            var (kept, moved, ended, dead) = (0, 0, 0, 0);
            var (both, nobody, written, another) = (new Samples(), new Samples(), new Samples(), new Samples());
            foreach (var group in ofClient)
            {
                var leader = leaders[group];
                var next = group.Candidates.Where(candidate => candidate != leader).Select(candidate => candidate.FirstAfter(begin, "started")).Min();
                var stopped = new[] { leader.FirstAfter(begin, "stopped"), leader.ExitedAt }.Min();
                var first = group.FirstSeen(end, holder => holder.Length > 0);
                _ = double.IsNaN(first) ? dead++ : next is not null ? moved++ : kept++;
                if (next is { } started)
                {
                    // One that never says that it has stopped still believes now; one that was stopped itself believes again from the end on.
                    another.Add(started - begin);
                    both.Add(Math.Max(0, (stopped ?? Clock.Now) - Math.Max(started, isLeaderStopped ? end : 0)));
                    nobody.Add(Math.Max(0, started - (stopped ?? started)));
                }

                written.Add(double.IsNaN(first) ? double.PositiveInfinity : first - end);
                ended += group.Candidates.Count(candidate => candidate.ExitedAt is not null);
            }

            run.Report.Add($"{title} ({seconds} s)", client.Name, "first write", written);
            string Finite(double value) => double.IsInfinity(value) ? "never" : Samples.Text(value);
            return
            [
                client.Label, $"{ofClient.Count}", $"{kept}", $"{moved}", $"{dead}", Samples.Text(another.P50), Samples.Text(both.Max), Samples.Text(nobody.Max),
                Finite(written.P50), Finite(written.Max), $"{ended}",
            ];
        }
    }

    private static async Task StopAsync(string variable, int seconds)
    {
        var process = Environment.GetEnvironmentVariable(variable) ?? throw new InvalidOperationException($"{variable} is not set: start the server with tests/servers/apiserver/start.sh -r.");
        await KillAsync("-STOP", process);
        await Clock.PassAsync(seconds);
        await KillAsync("-CONT", process);
    }

    private static async Task KillAsync(string signal, string process)
    {
        using var kill = Process.Start("kill", [signal, process]);
        await kill.WaitForExitAsync();
    }
}
