// Measures the library beside other clients and beside the API server's own floor. benchmarks/run.sh starts it; see benchmarks/README.md.
using System.Globalization;
using Flink.Kubernetes.HA.Benchmarks;
using Flink.Kubernetes.HA.Benchmarks.Scenarios;

(string Name, string Title, int Runs, int QuickRuns, Func<Run, int, Task> RunAsync)[] scenarios =
[
    ("floor", "The floor of this server", 500, 100, FloorAsync),
    ("crash-15", "Crash: SIGKILL, 15/10/2 s", 24, 2, (run, runs) => Failover.CrashAsync(run, Times.Default, runs)),
    ("crash-5", "Crash: SIGKILL, 5/3/1 s", 24, 2, (run, runs) => Failover.CrashAsync(run, Times.Short, runs)),
    ("hand-over", "Graceful hand-over between processes: SIGTERM", 24, 3, Failover.HandOverAsync),
    ("release", "Release until the next term, in one process", 200, 20, Release.RunAsync),
    ("cost", "What a candidate costs while nothing happens (runs: seconds)", 60, 10, Cost.PairsAsync),
    ("components", "Many components in one process (runs: seconds)", 30, 8, Cost.ComponentsAsync),
    ("faults", "Outages, stalls and pauses (runs: locks of each client)", 4, 1, Faults.RunAsync),
    ("notification", "Notification of followers", 200, 10, Notification.RunAsync),
    ("renewal", "One renewal", 1000, 100, Renewal.RunAsync),
    ("metadata", "Operations on HA metadata", 20, 5, Metadata.CostAsync),
    ("recovery", "Recovery of checkpoints, data on a local disk", 20, 5, Metadata.RecoveryAsync),
];

var arguments = new CommandLine(args);
if (arguments.Words is ["candidate"])
{
    await new Candidate(arguments).RunAsync();
    return 0;
}

var unknown = arguments.Words.Where(word => scenarios.All(scenario => scenario.Name != word)).ToList();
if (unknown.Count > 0)
{
    await Console.Error.WriteLineAsync($"There is no scenario {string.Join(", ", unknown)}. There are: {string.Join(", ", scenarios.Select(scenario => scenario.Name))}.");
    return 2;
}

var kubeConfig = Environment.GetEnvironmentVariable("KUBECONFIG") ?? throw new InvalidOperationException("KUBECONFIG is not set: start this with benchmarks/run.sh.");
var isQuick = arguments.Has("--quick");
var clients = Client.Find(Environment.GetEnvironmentVariable("BENCHMARK_PEERS"), arguments.Value("--clients", string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries));
var report = new Report(arguments.Required("--output"));
var run = new Run(kubeConfig, isQuick, clients, report, arguments.Value("--heartbeat-mode", string.Empty),
    [.. arguments.Value("--components", "1,100").Split(',').Select(text => int.Parse(text, CultureInfo.InvariantCulture))]);
using (var api = new RawApi(kubeConfig))
{
    var version = (await api.CallAsync(HttpMethod.Get, "/version")).Body["gitVersion"]!.GetValue<string>();
    var isNoisy = double.Parse(Report.Load, CultureInfo.InvariantCulture) > Environment.ProcessorCount / 2.0;

    // Where the results lie is of no use to who reads them.
    var settings = args.Where((text, i) => text != "--output" && (i == 0 || args[i - 1] != "--output"));
    report.Begin(version, $"`{string.Join(' ', settings)}`", (isQuick, isNoisy) switch
    {
        (true, _) => "A quick run: these figures show that the harness works, and nothing else.",
        (_, true) => "The machine was busy with other work when this began: these figures show that the harness works; do not quote them.",
        _ => null,
    });
}

var failed = 0;
foreach (var (name, title, runs, quickRuns, runAsync) in scenarios.Where(scenario => arguments.Words.Count == 0 || arguments.Words.Contains(scenario.Name)))
{
    var times = arguments.Number("--runs", isQuick ? quickRuns : runs);
    report.BeginScenario(name, title, times);
    var begin = Clock.Now;
    try
    {
        await runAsync(run, times);
    }
#pragma warning disable CA1031 // The other scenarios are measured all the same.
    catch (Exception exception)
#pragma warning restore CA1031
    {
        failed++;
        report.Text($"**Not measured to the end**: {exception.GetType().Name}: {exception.Message}");
        await Console.Error.WriteLineAsync(exception.ToString());
    }

    CandidateProcess.EndAll();
    report.EndScenario(TimeSpan.FromSeconds(Clock.Now - begin));
}

return failed == 0 ? 0 : 1;

static async Task FloorAsync(Run run, int rounds)
{
    var (write, seen) = await Floor.WriteAsync(run.KubeConfig, rounds);
    var rows = new List<string[]> { (string[])["a conditional write, until its answer", .. write.Cells()], (string[])["until a watcher has read its event", .. seen.Cells()] };
    foreach (var standbys in (int[])[1, 3, 9])
    {
        rows.Add([$"release until the confirmed taking, {standbys} standby{(standbys > 1 ? "s" : string.Empty)}", .. (await Floor.HandOverAsync(run.KubeConfig, standbys, rounds / 4)).Cells()]);
    }

    run.Report.Table(["raw requests", "n", "p50", "mean", "p99", "max"], rows);
}
