// A process that contends for components until it is told to stop, for tests and benchmarks that need real processes.
// While it leads it writes its term's history into the ConfigMap, fenced; what the fence refuses goes to another ConfigMap.
//
//   Flink.Kubernetes.HA.TestAgent --kubeconfig PATH --namespace N --cluster-id ID --name NAME --components a,b --lease SECONDS
//       [--renew-deadline SECONDS] [--retry-period SECONDS] [--request-timeout SECONDS] [--history false]
//
// On its standard output, one event a line: "ready", and "<unix seconds> <name> started" when it leads.
using System.Globalization;
using System.Runtime.InteropServices;
using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.TestAgent;
using Microsoft.Extensions.Logging;

var arguments = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
var lease = Seconds("--lease", null);
var name = arguments["--name"];
var writesHistory = arguments.GetValueOrDefault("--history") != "false";
var options = new KubernetesHaOptions
{
    ClusterId = arguments["--cluster-id"],
    Namespace = arguments["--namespace"],
    Identity = name,
};
options.LeaderElection.LeaseDuration = lease;
options.LeaderElection.RenewDeadline = Seconds("--renew-deadline", lease * 2 / 3);
options.LeaderElection.RetryPeriod = Seconds("--retry-period", lease / 6);
options.LeaderElection.RequestTimeout = Seconds("--request-timeout", lease / 3);

using var stop = new CancellationTokenSource();
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
{
    context.Cancel = true;
    stop.Cancel();
});

// The test that started this process may be killed: its end closes our standard input.
_ = Task.Run(async () =>
{
    await Console.In.ReadToEndAsync();
    Environment.Exit(3);
});

using var loggers = LoggerFactory.Create(logging => logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Information));
await using var client = new HttpKubeClient(KubeConnection.FromKubeConfig(arguments["--kubeconfig"]));
await using var services = new KubernetesHaServices(options, client, loggerFactory: loggers);
Console.WriteLine("ready");
await Task.WhenAll(arguments["--components"].Split(',').Select(component => ContendAsync(LeaderComponent.Custom(component))));

async Task ContendAsync(LeaderComponent component)
{
    var history = new TermHistory(name, client, new ObjectKey(services.Namespace, $"{services.ClusterId}-{component}-refused"));
    try
    {
        await foreach (var term in services.GetLeaderElection(component).ContendAsync($"http://{name}/{component}", stop.Token))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds:F6} {name} started"));
            if (writesHistory)
            {
                await history.WriteAsync(term);
            }
            else
            {
                await Task.Delay(Timeout.Infinite, term.Stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
    }
}

TimeSpan Seconds(string argument, TimeSpan? unset) => arguments.TryGetValue(argument, out var text)
    ? TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture))
    : unset ?? throw new ArgumentException($"{argument} is needed.");
