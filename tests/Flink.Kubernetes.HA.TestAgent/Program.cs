// A process that contends for components until it is told to stop, for tests and benchmarks that need real processes.
// While it leads it writes its term's history into the ConfigMap, fenced; what the fence refuses goes to another ConfigMap.
//
//   Flink.Kubernetes.HA.TestAgent --kubeconfig PATH --namespace N --cluster-id ID --name NAME --components a,b --lease SECONDS
using System.Globalization;
using System.Runtime.InteropServices;
using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.KubeClient;
using Flink.Kubernetes.HA.TestAgent;
using Microsoft.Extensions.Logging;

var arguments = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
var lease = TimeSpan.FromSeconds(double.Parse(arguments["--lease"], CultureInfo.InvariantCulture));
var name = arguments["--name"];
var options = new KubernetesHaOptions
{
    ClusterId = arguments["--cluster-id"],
    Namespace = arguments["--namespace"],
    Identity = name,
};
options.LeaderElection.LeaseDuration = lease;
options.LeaderElection.RenewDeadline = lease * 2 / 3;
options.LeaderElection.RetryPeriod = lease / 6;
options.LeaderElection.RequestTimeout = lease / 3;

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
            await history.WriteAsync(term);
        }
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
    }
}
