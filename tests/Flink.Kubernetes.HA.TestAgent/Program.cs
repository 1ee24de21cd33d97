// A process that contends for components until it is told to stop, for tests and benchmarks that need real processes.
// What it does while it leads:
//   history       writes its term's history into the ConfigMap, fenced; what the fence refuses goes to another ConfigMap
//   none          nothing
//   checkpoints   restores the latest checkpoint of the job that the component is for, and adds one after another (CheckpointWork)
//   writes        every kind of write there is, one after another, also when leadership is lost (WriteWork)
//
//   Flink.Kubernetes.HA.TestAgent --kubeconfig PATH --namespace N --cluster-id ID --name NAME --components a,b --lease SECONDS
//       [--renew-deadline SECONDS] [--retry-period SECONDS] [--request-timeout SECONDS] [--work history|none|checkpoints|writes] [--storage DIR]
//       [--heartbeat-mode ConfigMap|ProcessLease] [--pod NAME]    with --pod, by proof of death
//
// On its standard output, one event a line: "ready", "<unix seconds> <name> started" when it leads, and what the work has to tell.
using System.Globalization;
using System.Runtime.InteropServices;
using Flink.Kubernetes.HA;
using Flink.Kubernetes.HA.Connection;
using Flink.Kubernetes.HA.LeaderElection;
using Flink.Kubernetes.HA.Storage.FileSystem;
using Flink.Kubernetes.HA.TestAgent;
using Microsoft.Extensions.Logging;

var arguments = args.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
var lease = Seconds("--lease", null);
var name = arguments["--name"];
var work = arguments.GetValueOrDefault("--work", arguments.GetValueOrDefault("--history") == "false" ? "none" : "history");
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
options.LeaderElection.HeartbeatMode = Enum.Parse<HeartbeatMode>(arguments.GetValueOrDefault("--heartbeat-mode", nameof(HeartbeatMode.ConfigMap)));
options.LeaderElection.PodName = arguments.GetValueOrDefault("--pod");
options.LeaderElection.ProofOfDeath = options.LeaderElection.PodName is not null;

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
var recorder = new WriteRecorder();
var environment = ConnectionEnvironment.Create(timeProvider: null, loggers);
using var client = ApiServerConfiguration.Load(arguments["--kubeconfig"], context: null, environment).CreateHaClient(options.ApiServer, loggerFactory: loggers, handlers: recorder);
await using var services = new KubernetesHaServices(options, client, loggerFactory: loggers);
Console.WriteLine("ready");
await Task.WhenAll(arguments["--components"].Split(',').Select(component => ContendAsync(Parse(component))));

async Task ContendAsync(LeaderComponent component)
{
    var history = new TermHistory(name, services, $"{services.ClusterId}-{component}-refused");
    try
    {
        await foreach (var term in services.GetLeaderElection(component).ContendAsync($"http://{name}/{component}", stop.Token))
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds:F6} {name} started"));
            await WorkAsync(term, history);
        }
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
    }
}

Task WorkAsync(LeadershipTerm term, TermHistory history) => work switch
{
    "history" => history.WriteAsync(term),
    "checkpoints" => new CheckpointWork(term, OpenStorage()).RunAsync(),
    "writes" => new WriteWork(term, name, services, recorder, OpenStorage()).RunAsync(),
    "none" => Task.Delay(Timeout.Infinite, term.Stopping).ContinueWith(_ => { }, TaskScheduler.Default),
    _ => throw new ArgumentException($"--work {work} is not known."),
};

FileSystemStateStorage OpenStorage() => new(new FileSystemStateStorageOptions { RootDirectory = arguments["--storage"] });

LeaderComponent Parse(string component) => component switch
{
    "dispatcher" => LeaderComponent.Dispatcher,
    _ when JobId.TryParse(component, out var jobId) => LeaderComponent.JobManager(jobId),
    _ => LeaderComponent.Custom(component),
};

TimeSpan Seconds(string argument, TimeSpan? unset) => arguments.TryGetValue(argument, out var text)
    ? TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture))
    : unset ?? throw new ArgumentException($"{argument} is needed.");
