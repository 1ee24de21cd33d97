namespace Flink.Kubernetes.HA.Benchmarks.Scenarios;

/// <summary>From a signal to the leading process until a standby's process leads: all clients at the same time, round by round.</summary>
internal static class Failover
{
    public static async Task CrashAsync(Run run, Times times, int runs)
    {
        foreach (var standbys in run.IsQuick ? (int[])[1, 3] : [1, 3, 9])
        {
            var measured = await MeasureAsync(run, run.Clients, times, standbys, runs, Signal.Kill);
            run.Report.Text($"**{times}, {standbys} standby{(standbys > 1 ? "s" : string.Empty)}.** The floor is what the lease permits: the last renewal that a raw watch saw, plus the lease.");
            run.Report.Table(
                ["SIGKILL until a standby leads", "n", "p50", "mean", "p99", "max", "÷ floor p50", "÷ this library", "beyond the lease, p50", "p99", "did not happen"],
                measured.Select(one => (string[])
                [
                    one.Client.Label, .. one.Took.Cells(), Samples.Ratio(one.Took.P50, one.Floor.P50), Samples.Ratio(one.Took.P50, measured.First(m => m.Client.IsOurs).Took.P50),
                    Samples.Text(one.Beyond.P50), Samples.Text(one.Beyond.P99), $"{one.Failed}",
                ]));
            run.Report.Chart($"crash-{times.Lease}-{standbys}", $"SIGKILL until a standby leads, {times}, {standbys} standby(s)", [.. measured.Select(one => (one.Client.Label, one.Took))], measured[0].Floor.P50);
            measured.ForEach(one => one.Add(run.Report, $"{times.Lease}s-{standbys}"));
        }
    }

    public static async Task HandOverAsync(Run run, int runs)
    {
        foreach (var standbys in run.IsQuick ? (int[])[1, 3] : [1, 3, 9])
        {
            var floor = await Floor.HandOverAsync(run.KubeConfig, standbys, run.IsQuick ? 30 : 200);
            var measured = await MeasureAsync(run, run.Clients.Where(client => client.CanRelease), Times.Default, standbys, runs, Signal.Terminate);

            // One that cannot release waits for the lease: a few samples show it.
            measured.AddRange(standbys == 1 ? await MeasureAsync(run, run.Clients.Where(client => !client.CanRelease), Times.Default, 1, run.IsQuick ? 1 : 4, Signal.Terminate) : []);
            run.Report.Text(
                $"**{standbys} standby{(standbys > 1 ? "s" : string.Empty)}, {Times.Default}.** Floor in this run, from a raw release to the confirmed taking: p50 {Samples.Text(floor.P50)}, p99 {Samples.Text(floor.P99)}.");
            run.Report.Table(
                ["SIGTERM until a standby leads", "n", "p50", "mean", "p99", "max", "÷ floor p50", "÷ this library", "until released", "until taken", "until it says so", "writes, reads", "did not happen"],
                measured.Select(one => (string[])
                [
                    one.Client.Label, .. one.Took.Cells(), Samples.Ratio(one.Took.P50, floor.P50), Samples.Ratio(one.Took.P50, measured.First(m => m.Client.IsOurs).Took.P50),
                    Samples.Text(one.Released.P50), Samples.Text(one.Taken.P50), Samples.Text(one.Told.P50),
                    AuditLog.IsKept ? $"{Median(one.Writes)}, {Median(one.Reads)}" : "-", $"{one.Failed}",
                ]));
            run.Report.Chart($"hand-over-{standbys}", $"SIGTERM until a standby leads, {standbys} standby(s)", [.. measured.Select(one => (one.Client.Label, one.Took))], floor.P50);
            measured.ForEach(one => one.Add(run.Report, $"{standbys}"));
            run.Report.Add($"{standbys}", "floor", "took", floor);
        }
    }

    private static async Task<List<Measured>> MeasureAsync(Run run, IEnumerable<Client> clients, Times times, int standbys, int runs, Signal signal)
    {
        // 40 to 50 processes at a time; the more standbys a lock has, the fewer locks there are.
        var (most, share) = standbys switch { 1 => (4, 1), < 5 => (2, 2), _ => (1, 4) };
        var groupsOfEach = Math.Min(runs, most);
        var rounds = (runs + (groupsOfEach * share) - 1) / (groupsOfEach * share);
        var measured = clients.Select(client => new Measured(client)).ToList();
        var groups = await run.StartAsync(times, standbys, groupsOfEach, clients: measured.Select(one => one.Client));
        for (var round = 0; round < rounds; round++)
        {
            // A barrier before and after: no process starts while a failover is measured.
            await Task.WhenAll(groups.Select(group => group.SettleAsync()));
            await Clock.PassAsync(times.Retry);
            await Task.WhenAll(groups.Select(group => FailOverAsync(group, times, signal, measured.Single(one => one.Client == group.Client))));
        }

        await Run.EndAsync(groups);
        return measured;
    }

    private static async Task FailOverAsync(Group group, Times times, Signal signal, Measured measured)
    {
        // Any moment of a retry period.
        await Clock.PassAsync(Random.Shared.NextDouble() * times.Retry);
        var leader = group.Leader;
        var begin = leader.Send(signal);
        if (await group.NextAsync(leader, begin, (2.5 * times.Lease) + 10) is not { } led)
        {
            measured.Fails();
            return;
        }

        // The raw watch may be a little behind.
        await Clock.PassAsync(0.5);
        var expiry = group.LastSeen(led, leader.Identity) + times.Lease;
        var released = group.FirstSeen(begin, holder => holder.Length == 0);
        var taken = group.FirstSeen(begin, holder => holder.Length > 0 && !holder.StartsWith(leader.Identity, StringComparison.Ordinal));
        measured.Took.Add(led - begin);
        measured.Floor.Add(expiry - begin);
        measured.Beyond.Add(led - expiry);
        if (signal == Signal.Terminate && !double.IsNaN(released))
        {
            measured.Released.Add(released - begin);
            measured.Taken.Add(taken - released);
            measured.Told.Add(led - taken);
        }

        if (signal == Signal.Terminate && AuditLog.IsKept)
        {
            var (writes, reads) = AuditLog.Count(group.Lock, begin, led + 0.1);
            measured.Requests(writes, reads);
        }
    }

    private static double Median(List<int> values) => values.Count == 0 ? double.NaN : values.Order().ElementAt(values.Count / 2);

    private sealed record Measured(Client Client)
    {
        private readonly Lock _gate = new();

        public Samples Took { get; } = new();

        public Samples Floor { get; } = new();

        public Samples Beyond { get; } = new();

        public Samples Released { get; } = new();

        public Samples Taken { get; } = new();

        public Samples Told { get; } = new();

        public List<int> Writes { get; } = [];

        public List<int> Reads { get; } = [];

        public int Failed { get; private set; }

        public void Fails()
        {
            lock (_gate)
            {
                Failed++;
            }
        }

        public void Requests(int writes, int reads)
        {
            lock (_gate)
            {
                Writes.Add(writes);
                Reads.Add(reads);
            }
        }

        public void Add(Report report, string variant)
        {
            report.Add(variant, Client.Name, "took", Took);
            report.Add(variant, Client.Name, "beyond", Beyond);
            report.Add(variant, Client.Name, "released", Released);
            report.Add(variant, Client.Name, "taken", Taken);
        }
    }
}
