namespace Flink.Kubernetes.HA.Benchmarks.Scenarios;

/// <summary>What a leader and a standby cost while nothing happens: requests, bytes on the connection, processor and memory.</summary>
internal static class Cost
{
    // A server that is asked for too much may never get there: that is a result, too, and is told as "-".
    private const int Patience = 60;

    private static readonly string[] Head = ["candidate", "role", "requests/s", "of them", "sent, B/s", "received, B/s", "CPU, ms/s", "memory, MB"];

    public static async Task PairsAsync(Run run, int seconds)
    {
        // .NET compiles a method again after 30 calls, instrumented, and after 30 more: at one renewal in 2 s that takes two minutes.
        var warmUp = run.IsQuick ? 2 : 150;
        var pairs = await Task.WhenAll(run.Clients.Select(client => StartAsync(run, client, 1)));
        await Clock.PassAsync(warmUp);
        run.Report.Text($"{Times.Default}, over {seconds} s, {warmUp} s after the start. Bytes are those of TCP, TLS included. The floor of a leader is one write in a retry period: 0.5 requests/s.");
        var leaders = Task.WhenAll(pairs.Select(async pair => (string[])[pair.Client.Label, "leader", .. await pair.Leader.MeasureAsync(seconds)]));
        var standbys = await Task.WhenAll(pairs.Select(async pair => (string[])[pair.Client.Label, "standby", .. await pair.Standby.MeasureAsync(seconds)]));
        run.Report.Table(Head, [.. await leaders, .. standbys]);
        foreach (var pair in pairs)
        {
            await pair.DisposeAsync();
        }
    }

    /// <summary>One process that leads many components, and another that stands by for all of them, until the first one is ended.</summary>
    public static async Task ComponentsAsync(Run run, int seconds)
    {
        (string Mode, int[] Components)[] series = run.HeartbeatMode is { Length: > 0 } mode
            ? [(mode, run.Components)]
            : [("ProcessLease", run.IsQuick ? [1, 50] : [1, 100, 1000, 10000]), ("ConfigMap", run.IsQuick ? [1, 50] : [1, 100, 500])];
        foreach (var (heartbeat, sizes) in series)
        {
            var rows = new List<string[]>();
            (long Leader, long Standby)? one = null;
            foreach (var components in sizes)
            {
                await using var pair = await StartAsync(run, run.Ours, components, "--components", $"{components}", "--heartbeat-mode", heartbeat);
                await Clock.PassAsync(run.IsQuick ? 2 : 10);
                var before = await pair.HeapsAsync();
                run.Report.Text(
                    $"**{components} components, heartbeat mode {heartbeat}**, over {seconds} s. All were led after {Samples.Text(pair.AllLed)}, and observed by the standby "
                    + $"{Samples.Text(pair.AllObserved)} after its start{(pair.IsObserved ? string.Empty : "; **it had not observed all when this was measured**")}.");
                var costs = await Task.WhenAll(pair.Leader.MeasureAsync(seconds), pair.Standby.MeasureAsync(seconds));
                run.Report.Table(Head, [["this library", "leader", .. costs[0]], ["this library", "standby", .. costs[1]]]);
                var after = await pair.HeapsAsync();
                one ??= before;
                rows.Add([
                    $"{components}", Bytes(before.Leader), Bytes(after.Leader), PerComponent(before.Leader, one.Value.Leader, components),
                    Bytes(before.Standby), Bytes(after.Standby), PerComponent(before.Standby, one.Value.Standby, components),
                ]);
                await HandOverAsync(run, pair, components, heartbeat);
            }

            run.Report.Text(
                $"Memory on the heap after a full collection, heartbeat mode {heartbeat}; before and after the {seconds} s of above. A component's is what is more than with one, divided; "
                + "it includes what the program of the benchmark keeps for each.");
            run.Report.Table(["components", "leader before", "after", "bytes a component", "standby before", "after", "bytes a component"], rows);
        }
    }

    private static async Task HandOverAsync(Run run, Pair pair, int components, string heartbeat)
    {
        var floor = components > 1000 ? double.NaN : await Floor.WritesAsync(run.KubeConfig, components);
        var all = components > 1 ? "all" : "started";
        var begin = pair.Leader.Process.Send(Signal.Terminate);
        await Clock.UntilAsync(() => pair.Standby.Process.FirstAfter(begin, all) is not null, Patience + (components / 50));
        var took = (pair.Standby.Process.FirstAfter(begin, all) ?? double.NaN) - begin;
        var samples = new Samples();
        samples.Add(took);
        run.Report.Add($"{components}-{heartbeat}", "ours", "took over all", samples);
        run.Report.Text(
            $"Terms lost while they were led: {pair.Leader.Process.Count("stopped", begin)}. SIGTERM until the last is led elsewhere: **{Samples.Text(took)}**; floor (two raw writes "
            + $"to each, 50 at a time): {Samples.Text(floor)}; ratio {Samples.Ratio(took, floor)}.");
    }

    private static string Bytes(long? heap) => heap is null or 0 ? "-" : FormattableString.Invariant($"{heap / 1e6:0.00} MB");

    private static string PerComponent(long heap, long one, int components) =>
        components == 1 || heap == 0 ? "-" : FormattableString.Invariant($"{(heap - one) / (double)(components - 1):0}");

    private static async Task<Pair> StartAsync(Run run, Client client, int components, params string[] more)
    {
        var pair = new Pair(client, Cluster.NewId());
        var begin = Clock.Now;
        pair.Leader = new Metered(run, client, pair.Name, "leader", more);
        var isAll = components > 1 ? "all" : "started";
        var patience = Patience + (components / 50);
        await Clock.UntilAsync(() => pair.Leader.Process.FirstAfter(0, isAll) is not null, patience);
        pair.AllLed = (pair.Leader.Process.FirstAfter(0, isAll) ?? double.NaN) - begin;
        begin = Clock.Now;
        pair.Standby = new Metered(run, client, pair.Name, "standby", more);
        pair.IsObserved = await Clock.UntilAsync(
            () => pair.Standby.Process.Leader is not null && (components == 1 || pair.Standby.Process.FirstAfter(0, "known") is not null), patience);
        pair.AllObserved = (pair.Standby.Process.FirstAfter(0, components == 1 ? "leader=leader" : "known") ?? double.NaN) - begin;
        return pair;
    }

    private sealed class Pair(Client client, string name) : IAsyncDisposable
    {
        public Client Client => client;

        public string Name => name;

        public Metered Leader { get; set; } = null!;

        public Metered Standby { get; set; } = null!;

        public double AllLed { get; set; }

        public double AllObserved { get; set; }

        public bool IsObserved { get; set; }

        public async Task<(long Leader, long Standby)> HeapsAsync() => (await Leader.Process.HeapAsync(), await Standby.Process.HeapAsync());

        public async ValueTask DisposeAsync()
        {
            await Leader.DisposeAsync();
            await Standby.DisposeAsync();
        }
    }

    private sealed class Metered : IAsyncDisposable
    {
        private readonly Proxy _proxy;

        public Metered(Run run, Client client, string name, string identity, string[] more)
        {
            using var api = new RawApi(run.KubeConfig);
            _proxy = new Proxy(run.KubeConfig, api.Address);
            Process = new CandidateProcess(client, Times.Default, _proxy.KubeConfig, name, identity, more);
        }

        public CandidateProcess Process { get; }

        public async Task<string[]> MeasureAsync(int seconds)
        {
            var (begin, usage, bytes) = (Clock.Now, Process.Usage(), _proxy.Bytes);
            await Clock.PassAsync(seconds);
            var (end, usageAfter, bytesAfter) = (Clock.Now, Process.Usage(), _proxy.Bytes);

            // Candidates say every 5 s how many requests they have sent.
            await Clock.UntilAsync(() => Process.RequestsAfter(end) is not null, 12);
            var (first, last) = (Process.RequestsAfter(begin), Process.RequestsAfter(end));
            var took = end - begin;
            var counted = first is null || last is null ? null : last.Value.Counts.ToDictionary(pair => pair.Key, pair => (pair.Value - first.Value.Counts[pair.Key]) / (last.Value.At - first.Value.At));
            return
            [
                counted is null ? "-" : FormattableString.Invariant($"{counted.Values.Sum():0.00}"),
                counted is null ? "-" : string.Join(", ", counted.Where(pair => pair.Value > 0).Select(pair => FormattableString.Invariant($"{pair.Key} {pair.Value:0.00}"))),
                FormattableString.Invariant($"{(bytesAfter.Sent - bytes.Sent) / took:0}"),
                FormattableString.Invariant($"{(bytesAfter.Received - bytes.Received) / took:0}"),
                FormattableString.Invariant($"{(usageAfter.Seconds - usage.Seconds) / took * 1000:0.0}"),
                FormattableString.Invariant($"{usageAfter.Memory / 1e6:0}"),
            ];
        }

        public async ValueTask DisposeAsync()
        {
            Process.Dispose();
            await _proxy.DisposeAsync();
        }
    }
}
